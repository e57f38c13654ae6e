-- An hour's work with zai-ls in Neovim, in seconds. Arguments: the folder of this file, the documentation, the files.
local here, document, files = arg[1], arg[2], arg[3]
local story = dofile(here .. '/harness.lua')
local check, wait = story.check, story.wait
story.configure(document)
vim.lsp.config('zai', {
  settings = { zai = { actions = { disabled = { 'optimise' } }, baseUrl = 'https://elsewhere.example/v1' } },
})

-- attach ------------------------------------------------------------------------------------------------------
story.edit(files .. '/cafe.py')
check('the documented configuration starts the server', story.client() ~= nil)
check('a host in the settings is ignored, and that is said', wait(function()
  return story.told('zai.baseUrl is ignored') == 1
end), story.messages)
story.messages = {}
check('one server is enough', #vim.lsp.get_clients() == 1, #vim.lsp.get_clients())
check('columns are counted in utf-8', story.client().offset_encoding == 'utf-8', story.client().offset_encoding)

-- an action, from the menu to one undo ------------------------------------------------------------------------
local before = story.text()
story.cursor(5)
local titles = story.choose('Simplify')
check('the menu names the function', vim.tbl_contains(titles, 'GLM: Simplify bill'), titles)
check('an action that the settings hide is not there', not vim.tbl_contains(titles, 'GLM: Optimise bill'), titles)
check('the change arrives by itself', wait(function()
  return story.text():find('# emulated: simplify', 1, true)
end), story.lines())
check('text beside the change stays, é and 🎉 included', story.text():find('# é🎉 stays', 1, true), story.lines())
check('progress begins with what is done', story.shown('begin', 'GLM: Simplify') == 1, story.progress)
check('progress ends', story.settled())
check('progress told the model', story.shown('report', 'glm') > 0, story.progress)
check('one edit was applied', story.applied == 1, story.applied)
vim.cmd('undo')
check('one undo takes it back', story.text() == before, story.lines())
check('nothing was complained about', #story.messages == 0, story.messages)

-- a selection, and one kind only --------------------------------------------------------------------------------
titles = story.choose('no such', { range = { start = { 4, 0 }, ['end'] = { 5, 4 } } })
check('a selection is offered as one', vim.tbl_contains(titles, 'GLM: Simplify the selection'), titles)
titles = story.choose('no such', { context = { only = { 'source.zai.explain' }, diagnostics = {} } })
check('only what is asked for is listed', vim.deep_equal(titles, { 'GLM: Explain bill' }), titles)
titles = story.choose('no such', { context = { only = { 'source' }, diagnostics = {} } })
check('nothing of ours runs on saving', #titles == 0, titles)
check('looking costs no request', story.shown('begin') == 1, story.progress)

-- a free instruction, typed -----------------------------------------------------------------------------------
vim.cmd('4,5Zai rename prices to kosten')
check(':Zai changes the lines it was given', wait(function()
  return story.text():find('def bill(kosten)', 1, true)
end), story.lines())
story.settled()
vim.cmd('undo')
check('one undo takes that back too', story.text() == before, story.lines())

-- a free instruction, as a comment ----------------------------------------------------------------------------
story.edit(files .. '/told.py')
story.cursor(1)
titles = story.choose('rename tally to count')
check('a zai: comment is an action with its words', vim.tbl_contains(titles, 'GLM: rename tally to count'), titles)
check('the comment is carried out', wait(function()
  return story.text():find('def count(', 1, true)
end), story.lines())
check('the comment goes with the change', not story.text():find('zai:', 1, true), story.lines())
story.settled()

-- the last line, without an ending -------------------------------------------------------------------------------
story.edit(files .. '/last.py')
story.cursor(1)
story.choose('rename')
check('a last line with é and 🎉 is replaced whole', wait(function()
  return story.lines()[#story.lines()] == "    return 'é🎉' + wort"
end), story.lines())
story.settled()

-- explain --------------------------------------------------------------------------------------------------------
story.edit(files .. '/cafe.py')
story.cursor(5)
story.choose('Explain')
check('an explanation opens as a document', wait(function()
  return vim.api.nvim_buf_get_name(0):match('%.md$') and story.text():find('explanation is emulated', 1, true)
end), vim.api.nvim_buf_get_name(0))
story.settled()
vim.cmd('bwipeout!')

-- tests ----------------------------------------------------------------------------------------------------------
story.edit(files .. '/cafe.py')
story.cursor(5)
story.choose('Write tests')
local function test_buffer()
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    local name = vim.api.nvim_buf_get_name(buffer)
    if name:match('test_cafe%.py$') or name:match('cafe_test%.py$') then
      return buffer
    end
  end
end
check('tests open in a file of their own', wait(function()
  local buffer = test_buffer()
  return buffer and table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n'):find('def test_', 1, true)
end), vim.tbl_map(vim.api.nvim_buf_get_name, vim.api.nvim_list_bufs()))
story.settled()

-- typing while the model runs ------------------------------------------------------------------------------------
story.edit(files .. '/slow.py')
story.cursor(5)
check('a slow request runs', story.begin(function() story.choose('Simplify') end), story.progress)
vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# é🎉 typed above' })
check('the answer lands below what was typed', wait(function()
  return story.text():find('# emulated: simplify\ndef while_typing', 1, true)
end), story.lines())
check('what was typed stays', story.lines()[1] == '# é🎉 typed above', story.lines())
story.settled()

-- typing in the moment in which the answer comes -----------------------------------------------------------------
story.edit(files .. '/moment.py')
story.cursor(5)
story.before_apply = function()
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# typed at the last moment' })
end
story.choose('Simplify')
check('an edit that crosses with typing lands in its place', wait(function()
  return story.text() == '# typed at the last moment\nimport os\n\n\n# emulated: simplify\ndef in_the_moment(a):\n    return a'
end), story.lines())
story.settled()

-- the same lines changed -----------------------------------------------------------------------------------------
story.edit(files .. '/conflict.py')
story.cursor(1)
local applied = story.applied
check('another slow request runs', story.begin(function() vim.cmd('1,2Zai rename mine to ours') end))
vim.api.nvim_buf_set_lines(0, 0, 2, false, { 'def theirs(x, y, z):', '    return z' })
check('a conflict is told in one sentence', wait(function() return story.told('You changed the same lines') == 1 end), story.messages)
check('nothing is applied then', story.applied == applied and story.lines()[1] == 'def theirs(x, y, z):', story.lines())
story.settled()
local listed = vim.system({ 'zai-ls', 'answers' }, { text = true }):wait()
check('the answer is kept', listed.stdout:find('conflict.py', 1, true), listed)

-- cancelling -----------------------------------------------------------------------------------------------------
story.edit(files .. '/endless.py')
story.cursor(1)
before = story.text()
local function endless() story.choose('Simplify') end
check('a request that never ends runs', story.begin(endless))
story.client():notify('window/workDoneProgress/cancel', { token = story.progress[#story.progress].token })
check('its progress can be cancelled', story.settled())
check('the next one starts after that', story.begin(endless))
titles = story.choose('Cancel the running GLM request')
check('the menu offers to cancel', vim.tbl_contains(titles, 'Cancel the running GLM request'), titles)
check('and does', story.settled())
check('and the next', story.begin(endless))
story.client():exec_cmd({ title = 'cancel', command = 'zai.cancel' })
check('the command cancels the newest', story.settled())
check('cancelled requests change nothing', story.text() == before, story.lines())
check('one server was enough to the end', #vim.lsp.get_clients() == 1)
check('nobody is told what they did themselves', #story.messages == 1, story.messages)

-- leaving in the middle of it ------------------------------------------------------------------------------------
check('a last request runs', story.begin(endless))
vim.cmd('wall')
vim.cmd('qall!')
