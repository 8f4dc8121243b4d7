"""What plays, hears and watches audio, each in a process of its own that does nothing else.

Each module with a `main` is run as `command_of` in `perfkit/instruments/audio_worker.py` says, which loads this package
under its folder's name, so that nothing of it stands before the program's own modules. The arguments are a JSON object,
REQUEST, and for `sink` and `render` REPORT, the file for the answer. `sink`, `render` and `client` play a body and run
on the side's interpreter; `loop` and `watch` run on perfkit's. All are standard library only, but for JACK-Client in
those that are clients of a server, and for numpy, of which a body's block is an array.
"""
