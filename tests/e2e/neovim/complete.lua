-- Somebody types and takes completions from Neovim's own menu. Started with -S: see `story.typed`.
local here, document, files = unpack(vim.g.story)
local story = dofile(here .. '/harness.lua')
local check, wait, type_ = story.check, story.wait, story.type
vim.cmd('filetype plugin indent on')
story.configure(document)

-- A second server, as the one of the language would be: it answers at once.
local function language_server()
  local items = {
    { label = 'retry', kind = 3 },
    { label = 'return_value', kind = 6 },
    { label = 'zzz', kind = 6 },
  }
  local answers = {
    initialize = { capabilities = { completionProvider = { triggerCharacters = { '.' } } } },
    ['textDocument/completion'] = { isIncomplete = false, items = items },
  }
  return function()
    local closing = false
    return {
      request = function(method, _, callback)
        vim.schedule(function()
          callback(nil, answers[method] or vim.NIL)
        end)
        return true, 1
      end,
      notify = function() end,
      is_closing = function()
        return closing
      end,
      terminate = function()
        closing = true
      end,
    }
  end
end

local function menu()
  return vim.fn.complete_info({ 'items', 'pum_visible', 'mode' })
end

local function ours()
  for index, item in ipairs(menu().items) do
    if item.menu == 'GLM' then
      return item, index
    end
  end
end

--- Open the menu as a person does and wait for our item; its place, counted from 1.
local function invoke()
  story.heard()
  story.pause(100)
  type_('<C-Space>')
  local found = wait(function()
    return menu().pum_visible == 1 and ours() ~= nil
  end)
  local _, index = ours()
  check('our item is in the menu', found, menu())
  return index
end

local function accept(index)
  if index then
    type_(('<C-n>'):rep(index) .. '<C-y>')
  end
end

--- Begin *name* with the cursor behind *line*, in insert mode.
local function begin(name, line)
  story.edit(files .. '/' .. name)
  story.cursor(line)
  type_('A')
end

local function below(count)
  return table.concat(vim.list_slice(story.lines(), #story.lines() - count + 1), '\n')
end

story.typed(function()
  -- one line ------------------------------------------------------------------------------------------------------
  begin('word.py', 2)
  check('completions are switched on by the documented configuration', wait(function()
    return vim.fn.maparg('<C-Space>', 'i', false, true).callback ~= nil
  end))
  type_('ret<Esc>a')
  accept(invoke())
  check('the word before the cursor is neither doubled nor lost', wait(function()
    return story.lines()[2] == "    return sum(prices)  # é🎉"
  end), story.lines())
  check('nothing else is touched', #story.lines() == 2, story.lines())
  type_('<Esc>u')
  check('one undo takes it back', story.lines()[2] == '    ret', story.lines())

  -- behind wide characters --------------------------------------------------------------------------------------
  begin('wide.py', 2)
  accept(invoke())
  check('the column behind é and 🎉 is right', wait(function()
    return story.lines()[2] == "    text = 'é🎉' + prices[0]"
  end), story.lines())
  type_('<Esc>')

  -- a block -----------------------------------------------------------------------------------------------------
  local block = table.concat({
    '    result = 0',
    '    for price in prices:',
    '        # é🎉: with tax',
    '        result += price * 2',
    '    return result',
  }, '\n')
  begin('block.py', 2)
  local index = invoke()
  check('all its lines can be read before', (vim.tbl_get(ours() or {}, 'info') or ''):find('return result', 1, true), ours())
  accept(index)
  check('several lines have their indentation', wait(function()
    return below(5) == block
  end), story.lines())
  type_('<Esc>u')
  check('one undo takes the block back', story.text() == 'def block(prices):\n    ', story.lines())

  begin('looked_at.py', 2)
  index = invoke()
  type_(('<C-n>'):rep(index))
  check('a block that is selected is in the text', wait(function()
    return #story.lines() == 8
  end), story.lines())
  -- It counts as taken, as its text stood in the file for longer than Neovim holds changes back.
  story.heard()
  type_('<C-e>')
  check('and goes again when it is not taken', wait(function()
    return story.text() == 'def looked_at(prices):\n    \n\ndef other():'
  end), story.lines())
  type_('<Esc>')

  begin('opened.py', 1)
  type_('<CR>')
  accept(invoke())
  check('also on a line that the editor has just indented', wait(function()
    return below(5) == block
  end), story.lines())
  type_('<Esc>')

  begin('margin.py', 2)
  accept(invoke())
  check('a block at the margin has its steps', wait(function()
    return below(3) == 'def margin(x):\n    # doubled\n    return x * 2'
  end), story.lines())
  type_('<Esc>')

  begin('tabs.go', 4)
  accept(invoke())
  check('tabs stay tabs', wait(function()
    return below(5) == '\tif a > 0 {\n\t\t// é🎉\n\t\treturn a\n\t}\n}'
  end), story.lines())
  type_('<Esc>')

  vim.o.autoindent = false
  begin('plain.py', 2)
  vim.bo.autoindent, vim.bo.indentexpr = false, ''
  accept(invoke())
  check('without autoindent too', wait(function()
    return below(5) == block
  end), story.lines())
  type_('<Esc>')
  vim.o.autoindent = true

  -- beside another server -----------------------------------------------------------------------------------------
  story.edit(files .. '/beside.py')
  local other = vim.lsp.start({ name = 'other', cmd = language_server() }, { bufnr = 0 })
  vim.lsp.completion.enable(true, other, 0, { autotrigger = true })
  story.cursor(2)
  type_('Aret')
  index = invoke()
  check('other servers have theirs in the same menu', #menu().items == 3, menu().items)
  check('ours does not push its way between theirs', index == 1 or index == 3, menu().items)
  accept(index)
  check('and it is what is inserted', wait(function()
    return story.lines()[2] == '    return prices'
  end), story.lines())
  type_('<Esc>')

  -- by itself -----------------------------------------------------------------------------------------------------
  story.edit(files .. '/by_itself.py')
  vim.lsp.buf_attach_client(0, other)
  vim.lsp.completion.enable(true, other, 0, { autotrigger = true })
  story.cursor(2)
  type_('A')
  type_('    prices')
  story.pause(100)
  type_('.')
  check('the menu of others is not held up by a model that never answers', wait(function()
    return menu().pum_visible == 1
  end), menu())
  check('ours is not in it', ours() == nil, menu().items)
  type_('<C-e><Esc>')

  story.edit(files .. '/ready.py')
  story.cursor(2)
  type_('A ')
  local known = false
  check('what one key has asked for', wait(function()
    local place = vim.lsp.util.make_position_params(0, 'utf-8')
    place.context = { triggerKind = 3 }
    story.client():request('textDocument/completion', place, function(_, result)
      known = known or #result.items > 0
    end, vim.api.nvim_get_current_buf())
    return known
  end))
  type_('<BS> ')
  check('is in the menu by itself at another', wait(function()
    return menu().pum_visible == 1 and ours() ~= nil
  end), menu())
  type_('<C-e><Esc>')

  -- ghost text, for plugins that ask for it -----------------------------------------------------------------------
  story.edit(files .. '/ghost.py')
  story.cursor(2)
  type_('A')
  local ghost
  local params = vim.lsp.util.make_position_params(0, 'utf-8')
  params.context = { triggerKind = 1 }
  story.client():request('textDocument/inlineCompletion', params, function(error, result)
    ghost = { error = error, result = result }
  end, 0)
  check('a raw request for ghost text is answered', wait(function()
    return ghost ~= nil
  end))
  check('with the text to insert', vim.tbl_get(ghost or {}, 'result', 'items', 1, 'insertText') == 'return len(prices)', ghost)
  check('nothing ever popped up', #story.messages == 0 and #story.notes == 0, { story.messages, story.notes })
end)
