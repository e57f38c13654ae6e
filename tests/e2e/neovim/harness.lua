-- What the stories share: checks that Python reads, and the hands and eyes of a person at the editor.
local PATIENCE_MS, STEP_MS = 4000, 5
local story = { messages = {}, notes = {}, progress = {}, applied = 0 }

--- One line for Python: what a person would notice, and whether it was so.
function story.check(name, ok, detail)
  io.stdout:write(vim.json.encode({ name = name, ok = ok and true or false, detail = vim.inspect(detail) }) .. '\n')
  io.stdout:flush()
end

--- Wait until *condition* holds; false after a time far beyond what anything here takes.
function story.wait(condition)
  local thread = coroutine.running()
  if not thread then
    return vim.wait(PATIENCE_MS, condition, STEP_MS)
  end
  -- In a story of `story.typed`: `vim.wait` would let events through, but no keys.
  local until_ns = vim.uv.hrtime() + PATIENCE_MS * 1e6
  while not condition() do
    if vim.uv.hrtime() > until_ns then
      return false
    end
    story.pause(STEP_MS)
  end
  return true
end

--- Let the editor work for so long; only in a story of `story.typed`.
function story.pause(milliseconds)
  local thread = coroutine.running()
  vim.defer_fn(function()
    story.go_on(thread)
  end, milliseconds)
  coroutine.yield()
end

function story.go_on(thread)
  local ok, problem = coroutine.resume(thread)
  if not ok then
    io.stderr:write(debug.traceback(thread, problem) .. '\n')
    vim.cmd('cquit')
  elseif coroutine.status(thread) == 'dead' then
    vim.cmd('qall!')
  end
end

--- Run *tell* beside the editor's own loop, so that keys are typed as by a person. The editor ends with it.
function story.typed(tell)
  vim.schedule(function()
    story.go_on(coroutine.create(tell))
  end)
end

--- Type *keys* (as in mappings) and wait until they have been taken.
function story.type(keys)
  local taken = false
  vim.api.nvim_input(keys)
  -- Comes after all that was typed before it.
  vim.api.nvim_input('<F12>')
  story.on_f12 = function()
    taken = true
  end
  return story.wait(function()
    return taken
  end)
end

--- Run the configuration that docs/editors/neovim.md tells people to write.
function story.configure(document)
  local text = table.concat(vim.fn.readfile(document), '\n')
  for block in text:gmatch('```lua\n(.-)\n```') do
    assert(load(block))()
  end
end

function story.client()
  return vim.lsp.get_clients({ name = 'zai', bufnr = 0 })[1]
end

--- Open *file* and wait for the server.
function story.edit(file)
  vim.cmd.edit(file)
  story.wait(function()
    local client = story.client()
    return client and client.initialized
  end)
  -- What follows is an undo step of its own, as it is for a person.
  vim.cmd('let &undolevels = &undolevels')
end

--- Wait until the server has read all that was typed. By its number: for buffer 0 Neovim holds changes back for a while.
function story.heard()
  local heard = false
  story.client():request('textDocument/codeAction', {
    textDocument = vim.lsp.util.make_text_document_params(0),
    range = vim.lsp.util.make_range_params(0, 'utf-8').range,
    context = { diagnostics = {}, triggerKind = 2 },
  }, function()
    heard = true
  end, vim.api.nvim_get_current_buf())
  return story.wait(function()
    return heard
  end)
end

function story.lines()
  return vim.api.nvim_buf_get_lines(0, 0, -1, false)
end

function story.text()
  return table.concat(story.lines(), '\n')
end

function story.cursor(line)
  vim.api.nvim_win_set_cursor(0, { line, 0 })
end

--- Open the menu of code actions and choose the one whose title has *wanted* in it; all titles.
--- *options* as for `vim.lsp.buf.code_action`.
function story.choose(wanted, options)
  local titles, closed = {}, false
  local noted = #story.notes
  vim.ui.select = function(items, _, on_choice)
    local found = {}
    for index, item in ipairs(items) do
      titles[#titles + 1] = item.action.title
      if item.action.title:find(wanted, 1, true) then
        found = { item, index }
      end
    end
    closed = true
    on_choice(found[1], found[2])
  end
  vim.lsp.buf.code_action(options)
  story.wait(function()
    return closed or #story.notes > noted
  end)
  return titles
end

--- Has the person read a message with *text* in it? Counts them.
function story.told(text)
  local count = 0
  for _, message in ipairs(story.messages) do
    if message:find(text, 1, true) then
      count = count + 1
    end
  end
  return count
end

--- How many progress values of *kind* came, with *text* in title or message.
function story.shown(kind, text)
  local count = 0
  for _, value in ipairs(story.progress) do
    local words = (value.title or '') .. ' ' .. (value.message or '')
    if value.kind == kind and words:find(text or '', 1, true) then
      count = count + 1
    end
  end
  return count
end

--- Wait for the end of all requests that have begun.
function story.settled()
  return story.wait(function()
    return story.shown('begin') > 0 and story.shown('begin') == story.shown('end')
  end)
end

--- Do *work*, which begins a request, and wait until the service has it: then its progress names the model.
function story.begin(work)
  local function sent()
    return story.shown('begin', 'glm') + story.shown('report', 'glm')
  end
  local before = sent()
  work()
  return story.wait(function()
    return sent() > before
  end)
end

--- Begin watching: messages, progress, edits.
function story.watch()
  local told = vim.lsp.handlers['window/showMessage']
  vim.lsp.handlers['window/showMessage'] = function(err, params, context)
    table.insert(story.messages, params.message)
    return told(err, params, context)
  end
  local apply = vim.lsp.handlers['workspace/applyEdit']
  vim.lsp.handlers['workspace/applyEdit'] = function(err, params, context)
    story.applied = story.applied + 1
    if story.before_apply then
      story.before_apply()
      story.before_apply = nil
    end
    return apply(err, params, context)
  end
  vim.notify = function(text)
    table.insert(story.notes, text)
  end
  vim.api.nvim_create_autocmd('LspProgress', {
    callback = function(event)
      local value = event.data.params.value
      value.token = event.data.params.token
      table.insert(story.progress, value)
    end,
  })
end

vim.keymap.set({ 'n', 'i', 'v' }, '<F12>', function()
  story.on_f12()
end)
vim.o.swapfile = false
-- A start-up file runs before there is a buffer; here one is there already, and would get a server of its own.
vim.bo.buftype = 'nofile'
vim.cmd('filetype on')
story.watch()
return story
