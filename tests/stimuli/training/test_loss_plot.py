"""Judge: the drawn figure's own lines and labels."""

import xml.etree.ElementTree as ET

from mixeval_stimuli.training.loss_plot import draw_losses, losses_as_svg
from mixeval_stimuli.training.schedule import Epoch

HISTORY = [
    Epoch(1, 10, 1, 1e-4, 0.5, 0.6, best=True, minutes=1.0),
    Epoch(2, 20, 1, 1e-4, 0.3, 0.35, best=True, minutes=2.0),
    Epoch(3, 30, 2, 1e-5, 0.2, 0.4, best=False, minutes=3.0),
]


def test_it_shows_both_losses_the_best_epoch_and_each_new_learning_rate():
    (axes,) = draw_losses(HISTORY, title="Wave-U-Net, dry").axes
    training, validation, best, new_round = axes.get_lines()
    assert training.get_xydata().tolist() == [[10, 0.5], [20, 0.3], [30, 0.2]]
    assert validation.get_xydata().tolist() == [[10, 0.6], [20, 0.35], [30, 0.4]]
    assert best.get_xydata().tolist() == [[20, 0.35]]
    assert new_round.get_xdata() == [20, 20]
    assert axes.texts[0].get_text().strip() == "learning rate 1e-05"
    assert axes.get_legend().texts[2].get_text() == "best: 0.35 after 20 steps"


def test_it_is_one_svg_with_text_that_can_be_searched_and_the_same_each_time():
    drawn = losses_as_svg(HISTORY[:1], title="Wave-U-Net, dry")
    assert drawn == losses_as_svg(HISTORY[:1], title="Wave-U-Net, dry")
    assert "Wave-U-Net, dry" in "".join(ET.fromstring(drawn).itertext())
