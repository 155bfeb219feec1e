"""``python -m notesmine`` works as the command does."""

from notesmine.cli import main

if __name__ == "__main__":
    main()
