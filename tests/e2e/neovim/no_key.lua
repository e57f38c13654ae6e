-- Neovim on a machine where no key was ever set. Arguments as for work.lua.
local here, document, files = arg[1], arg[2], arg[3]
local story = dofile(here .. '/harness.lua')
local check, wait = story.check, story.wait
story.configure(document)

story.edit(files .. '/cafe.py')
check('the server starts without a key', story.client() ~= nil)
check('it says how to set one', wait(function() return story.told('ZAI_API_KEY') > 0 end), story.messages)
story.cursor(5)
-- This Neovim cannot show disabled actions, so there are none.
local titles = story.choose('Simplify')
check('no action is offered that could not run', #titles == 0, titles)
vim.cmd('4,5Zai rename prices to kosten')
check('who asks all the same reads the reason', wait(function() return story.told('ZAI_API_KEY') > 1 end), story.messages)
story.settled()
check('nothing is said over and over', #story.messages == 2, story.messages)
check('nothing is changed', story.applied == 0)
vim.cmd('qall!')
