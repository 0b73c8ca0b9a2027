"""What the collector leaves alone: what a plant stays in memory by, and nothing that comes and goes."""

import gc

from app.serve import MANY, LeaveAlone


def test_only_a_plant_that_has_grown_is_left_alone_by_the_collector() -> None:
    """Documents of clients, left alone with it, would be in memory for ever: 26 kB of each."""
    built = 100_000
    looking = LeaveAlone(lambda: built)
    before = gc.get_freeze_count()
    gc.callbacks.append(looking)
    try:
        comes_and_goes = [[number] for number in range(1_000)]
        gc.collect()
        assert gc.get_freeze_count() == before
        built += MANY
        gc.collect()
        left_alone = gc.get_freeze_count()
        assert left_alone >= before + len(comes_and_goes)
        new = [[number] for number in range(1_000)]
        gc.collect()
        assert gc.get_freeze_count() < left_alone + len(new)
    finally:
        gc.callbacks.remove(looking)
        gc.unfreeze()
