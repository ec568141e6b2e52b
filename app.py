"""The page from a checkout, and the entry point of a Hugging Face Space: as the command ``vit-explorer``."""

import sys

from vit_explorer.ui.door import main

if __name__ == "__main__":
    sys.exit(main())
