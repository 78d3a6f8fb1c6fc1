"""What is strange in a sentence is measured against sentences that people wrote."""

from explainer.tuning.examples import Example
from explainer.tuning.fluency import Joints

KNOWN = Joints(
    [
        Example("a", "video", "You liked {b1}, a noir film."),
        Example("b", "video", "{item} is a film like {b1}."),
    ]
)


def test_a_text_made_of_known_neighbours_is_not_strange_whatever_its_numbers_and_aspects():
    assert KNOWN.strange("{item} is a film like {b2}.", ()) == 0
    assert KNOWN.strange("You liked {b3}, a film like {b1}.", ()) == 0


def test_every_unknown_joint_counts_also_at_the_ends():
    assert KNOWN.strange("film like {b1}.", ()) == 1  # none begins so
    assert KNOWN.strange("You liked {b1}, a noir", ()) == 1  # none ends so
    assert KNOWN.strange("You film {b1} liked.", ()) == 4
