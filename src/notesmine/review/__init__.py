"""The review page: a person goes through the passages in a browser and decides with the keyboard.

Reads the state of the last run; writes people's decisions, each before the page says so.
"""

from notesmine.review.desk import Desk
from notesmine.review.serve import review

__all__ = ["Desk", "review"]
