"""Pictures of explanations: SVG that needs no script, no font and no network."""

from explainer.picture.explanation import waterfall_of
from explainer.picture.steps import Part, Step, Waterfall, make_waterfall
from explainer.picture.waterfall import draw
from explainer.picture.words import PICTURE_WORDS, PictureWords

__all__ = ["PICTURE_WORDS", "Part", "PictureWords", "Step", "Waterfall", "draw", "make_waterfall", "waterfall_of"]
