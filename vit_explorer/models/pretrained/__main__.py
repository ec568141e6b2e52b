"""python -m vit_explorer.models.pretrained list | get NAME... | get --all [--check]"""

import sys

from vit_explorer.models.pretrained.command import main

if __name__ == "__main__":
    sys.exit(main())
