"""What a Python tells of its imports, read back as a tree."""

from perfkit.instruments.import_times import Import, read_imports

TOLD = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   zipimport
import time:      1000 |       1100 | site
a line of the program itself
import time:        20 |         20 |     leaf
import time:       200 |        220 |   branch.one
import time:       300 |        300 |   branch.two
import time:        80 |        600 | root
"""


def test_an_import_holds_those_that_it_caused():
    site, root = read_imports(TOLD)
    assert site == Import("site", 0.001, 0.0011, (Import("zipimport", 0.0001, 0.0001),))
    assert [inner.name for inner in root.inner] == ["branch.one", "branch.two"]
    assert root.inner[0].inner == (Import("leaf", 2e-05, 2e-05),)
    assert [one.name for one in root.walk()] == ["root", "branch.one", "leaf", "branch.two"]


def test_the_whole_is_that_of_those_at_the_top_without_counting_twice():
    tops = read_imports(TOLD)
    assert sum(one.total for one in tops) == sum(one.own for top in tops for one in top.walk())


def test_a_program_that_is_not_python_tells_nothing():
    assert read_imports("listening on port 8000\n") == ()
