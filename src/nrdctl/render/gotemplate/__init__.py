"""The engine under `nrdctl.render.template`: Go's text/template, from text to tokens to a tree to output."""
