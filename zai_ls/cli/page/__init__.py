"""`zai-ls quota --serve`: a page for a browser on this machine, with no other file than those beside this one."""
