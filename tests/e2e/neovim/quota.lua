-- A person who watches the quota: in the status line, and by the command of the documentation. Arguments as for work.lua.
local here, document, files = arg[1], arg[2], arg[3]
local story = dofile(here .. '/harness.lua')
local check, wait = story.check, story.wait
story.configure(document)

local function shown()
  return vim.api.nvim_eval_statusline(vim.o.statusline, { highlights = true })
end

local function shows(text)
  return function()
    return shown().str:find(text, 1, true)
  end
end

local function noted(text)
  return function()
    return vim.iter(story.notes):any(function(note)
      return note:find(text, 1, true)
    end)
  end
end

story.edit(files .. '/cafe.py')
check('the status line says how full the fullest window is', wait(shows('GLM 85 %')), shown())
local groups = vim.iter(shown().highlights):map(function(each)
  return each.group
end):totable()
check('in the colour of a warning', vim.tbl_contains(groups, 'DiagnosticWarn'), groups)
vim.cmd('ZaiServer status')
check('all of it is a command away', wait(noted('5-hour quota: 85 % used')), story.notes)
vim.cmd('ZaiServer showQuota')
check('the server tells it too', wait(function() return story.told('85 % used') > 0 end), story.messages)
vim.cmd('ZaiServer pause')
check('a pause is seen at once', wait(shows('GLM paused')), shown())
vim.cmd('ZaiServer resume')
check('and its end', wait(shows('GLM 85 %')), shown())
local names = vim.fn.getcompletion('ZaiServer s', 'cmdline')
check('the names of commands are completed', vim.deep_equal(names, { 'showQuota', 'showPrompt', 'status' }), names)
vim.cmd('qall!')
