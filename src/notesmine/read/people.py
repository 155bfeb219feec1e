"""Who was there: attendance blocks and the names in them.

Names are only taken where a note says that it lists people; nothing is guessed from running text.
"""

from __future__ import annotations

import re

from notesmine.read.builder import Draft
from notesmine.records import Block

_LABEL = re.compile(
    r"(?:list of |meeting |call |other |additional )*(?:attend(?:ees?|ance|ing|ed)|participants?|"
    r"(?:members?|people|team members?) (?:present|attending)|present|in attendance|roll ?call|"
    r"who(?:['’]s| is| was) (?:here|present|there)|apologies|regrets|absent(?:ees)?|excused|"
    r"invited|guests?|observers?|on the call)(?: list| members?)?(?: \(.{0,30}\))?\s*[:：]?\s*$",
    re.IGNORECASE,
)
_INLINE = re.compile(
    r"(?:attendees?|attendance|participants?|(?:maybe )?present|in attendance|apologies|regrets|"
    r"absent|guests?|observers?|members present|people "
    r"present)\s*(?:\([^)]{0,40}\))?\s*[:：]\s*(.+)$",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"(?:meeting |call |session |rotating )?(?:lead|leader|moderator|facilitator|note[- ]?takers?|"
    r"chair(?:person|man|woman)?s?|co-?chairs?|host|scribe|secretary|minute[- ]?taker|minutes "
    r"(?:taken )?by|notes by|recorder|timekeeper|author)\s*[:：]\s*(.{0,120})$",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"@[A-Za-z0-9][\w.-]*\w|@\w")
# What stands in attendance lists without being anyone's name: placeholders, labels, roles.
_PLACEHOLDER = re.compile(
    r"(?i)\b(?:names?|your|attendees?|tbd|todo|n/?a|none|everyone|various|notes?|note ?takers?|"
    r"video|"
    r"topics?|agenda|recording|moderator|teams?|leads?|pm|po|managers?|owner|master|core|staff|"
    r"group|committee|foundation|council|inline|commcomm|stakeholders|members|university|by)\b"
)
_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?: (?:[^\W\d_][\w.'’-]*)){0,4}")
_INITIALS = re.compile(r"\(([A-Z]{2,4})\)|^([A-Z]{2,4})\s*[:=–-]\s")
# An attendance list is a list of names; a longer item is a statement and ends it.
LONGEST_ITEM = 90  # characters


def names_in(item: str) -> list[str]:
    """Return the names that one item of an attendance list states.

    Examples
    --------
    >>> names_in("Jane Roe (@jroe) - joined late")
    ['Jane Roe', '@jroe']
    >>> names_in("Jane Roe (JR)")
    ['Jane Roe', 'JR']
    """
    found: list[str] = []
    initials = _INITIALS.search(item)
    rest = re.sub(r"^[A-Z]{2,4}\s*[:=–-]\s+", "", item)
    rest = re.sub(r"\(.*?\)|\[.*?\]|<.*?>|^\s*\[.\]", " ", rest)
    rest = re.split(r"\s[-–—|]\s|[,;:/]|\t", rest)[0]
    plain = _HANDLE.sub(" ", rest).strip(" *_.-")
    plain = " ".join(plain.split())
    if plain[:1].isupper() and _NAME.fullmatch(plain) and not _PLACEHOLDER.search(plain):
        found.append(plain)
    found += [h for h in _HANDLE.findall(item) if not _PLACEHOLDER.search(h)]
    if initials and found:
        found.append(initials[1] or initials[2])
    return found


def _split_inline(text: str) -> list[str]:
    parts = re.split(
        r"[;,]|\s+(?:and|&)\s+|\s{2,}", re.sub(r"\(.*?\)", lambda m: m[0].replace(",", " "), text)
    )
    return [p for p in parts if p.strip()]


def is_attendance_label(text: str) -> bool:
    """Tell whether a heading or label announces a list of people."""
    return len(text) < 60 and bool(_LABEL.match(text.strip(" *_#")))


def mark_attendance(draft: Draft) -> tuple[str, ...]:
    """Retype the blocks that list people, and return the names in order of appearance."""
    text = draft.text
    people: dict[str, None] = {}
    listing = 0  # 0 no list open, else the level of the heading or label that opened it
    label_level = 0
    for index, block in enumerate(draft.blocks):
        piece = text[block.start : block.end]
        inline = _INLINE.match(piece) or _ROLE.match(piece)
        if is_attendance_label(piece) and block.type in {"heading", "paragraph", "bullet"}:
            listing, label_level = 1, block.level if block.type == "bullet" else 0
            if block.type != "heading":
                draft.retype(index, "attendance")
        elif inline and block.type in {"paragraph", "bullet", "heading", "table_row"}:
            listing, label_level = 0, 0
            items = _split_inline(inline[1])
            if len(piece) < 1500 and all(len(i) < LONGEST_ITEM for i in items):
                for item in items:
                    people.update(dict.fromkeys(names_in(item.strip())))
                if block.type != "heading":
                    draft.retype(index, "attendance")
        elif listing and _is_item(block, piece, label_level):
            # "Ann Roe, Census Office" is one person; three and more are a list.
            for item in _split_inline(piece) if piece.count(",") > 1 else [piece]:
                people.update(dict.fromkeys(names_in(item.strip())))
            draft.retype(index, "attendance")
        else:
            listing = 0
    return tuple(people)


def _is_item(block: Block, piece: str, label_level: int) -> bool:
    if "://" in piece or re.match(r"[A-Za-z ]{3,20}:\s", piece):  # "Recording: https://..."
        return False
    if len(piece) > LONGEST_ITEM and not piece.count(",") > len(piece) / 40:
        return False
    if block.type == "bullet":
        # "Ann can't join, sick" may stand in the list; "- everybody agreed that ..." may not.
        return block.level > label_level and len(piece.split()) <= 14
    if block.type == "table_row":
        return True
    return (
        block.type == "paragraph"
        and bool(names_in(piece.split(",")[0]))
        and not piece.endswith(".")
    )
