"""Clients of a JACK server, each in a process of its own that does nothing else.

Run as `python -c "import sys; sys.path.append(FOLDER); from jack_clients.NAME import main; main()" REQUEST`, REQUEST a
JSON object. They need JACK-Client (`loop` and `watch` run on perfkit's interpreter, whose extra `audio` it is; `body`
runs on the side's), and otherwise the standard library only.
"""
