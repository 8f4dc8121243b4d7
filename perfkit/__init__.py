"""perfkit measures programs and says whether a change made them slower."""

__version__ = "0.1.0"
