"""Forget all data of `make run`, unless the platform is running on them."""

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from embedded import servers
from embedded.place import Place, Trouble

if __name__ == "__main__":
    folder = Path(os.environ.get("PATHWAYS_DATA") or servers.CHECKOUT / "var")
    try:
        place = Place(folder, servers.CHECKOUT)
    except Trouble as trouble:
        sys.exit(f"pathways: {trouble}")
    for entry in place.data.iterdir():
        if entry.name != "lock":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    place.close()
    print("All data are gone; the next make run loads the demo anew.")
