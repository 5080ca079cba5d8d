"""What can be played: styles, and in each style three grooves.

A groove is one bar. Each letter is a step: `X` an accent, `x` a stroke, `g` a ghost note, `o` an open hi-hat, `.` none.
Bars of 16 steps are straight, bars of 12 steps in triplets (or, in three beats, straight), bars of 32 hold two bars of
four beats. `swing` delays every second of 16 steps, as a part of the step.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Bar = Mapping[str, str]
"""Steps of each voice: hat, foot (a hi-hat closed by foot), ride, bell, crash, snare, kick, tom_1, tom_2, floor."""

COMPLEXITIES = ("simple", "medium", "complex")

TEMPI = ("slow", "medium", "fast")


@dataclass(frozen=True)
class Style:
    """Three grooves by complexity, the beats of a bar, tempi in beats a minute, and the swing of its steps."""

    grooves: Mapping[str, Bar]
    bpm: tuple[float, float, float]
    beats: int = 4
    swing: float = 0.0


def _style(
    simple: Bar,
    medium: Bar,
    complex_: Bar,
    bpm: tuple[float, float, float],
    *,
    beats: int = 4,
    swing: float = 0.0,
) -> Style:
    return Style(dict(zip(COMPLEXITIES, (simple, medium, complex_), strict=True)), bpm, beats, swing)


STYLES: Mapping[str, Style] = {
    "rock": _style(
        {"hat": "X.x.X.x.X.x.X.x.", "snare": "....X.......X...", "kick": "X.......X.x....."},
        {"hat": "X.x.X.x.X.x.X.o.", "snare": "....X..g....X...", "kick": "X.x....xX......."},
        {"ride": "X.x.X.x.X.x.X.x.", "snare": "....X..g.g..X..g", "kick": "X..x..x.X.xx...x"},
        (88.0, 112.0, 140.0),
    ),
    "hard-rock": _style(
        {"hat": "X...X...X...X...", "snare": "....X.......X...", "kick": "X.X.....X.X....."},
        {"ride": "X...X...X...X...", "snare": "....X.......X..x", "kick": "X.xx....X.xx..x."},
        {"crash": "X...x...X...x...", "snare": "....X..x....X.xx", "kick": "X.xx..x.x.xX..x."},
        (92.0, 120.0, 150.0),
    ),
    "pop-ballad": _style(
        {"hat": "x...x...x...x...", "snare": "....x.......x...", "kick": "x.......x......."},
        {"hat": "x.g.x.g.x.g.x.g.", "snare": "....X.......X...", "kick": "X......xX......."},
        {"ride": "x.g.x.gxx.g.x.g.", "snare": "....X....g..X..g", "kick": "X.....x.x.x....."},
        (60.0, 70.0, 82.0),
    ),
    "funk": _style(
        {"hat": "XxxxXxxxXxxxXxxx", "snare": "....X..g.g..X...", "kick": "X..x......x....."},
        {"hat": "X.x.X.xoX.x.X.x.", "snare": "....X..g.g.gX..g", "kick": "X.x....x..x..x.."},
        {"hat": "XxoxXxxxXxoxXxxo", "snare": ".g..X.gg.gXg.g.g", "kick": "X..x..x...xx..x."},
        (84.0, 98.0, 112.0),
        swing=0.08,
    ),
    "hip-hop": _style(
        {"hat": "x.x.x.x.x.x.x.x.", "snare": "....X.......X...", "kick": "X......x..X....."},
        {"hat": "x.x.x.xxx.x.x.x.", "snare": "....X..g....X..g", "kick": "X..x...x..X..x.."},
        {"hat": "xgx.xgx.xgxxx.o.", "snare": "....X..g.g..X.g.", "kick": "XX.....x.xX....x"},
        (76.0, 88.0, 98.0),
        swing=0.3,
    ),
    "shuffle-blues": _style(
        {"hat": "X.xX.xX.xX.x", "snare": "...X.....X..", "kick": "X.....X....."},
        {"ride": "X.xX.xX.xX.x", "foot": "...x.....x..", "snare": "..gX.g..gX.g", "kick": "X....xX....."},
        {"hat": "XgxXgxXgxXgo", "snare": "..gX.gg.gX.g", "kick": "X.x..xX.x..x"},
        (76.0, 104.0, 136.0),
    ),
    "swing": _style(
        {"ride": "X..X.xX..X.x", "foot": "...x.....x..", "kick": "g.....g....."},
        {"ride": "X..X.xX..X.x", "foot": "...x.....x..", "snare": "..g.....g..g", "kick": "g..g..g..g.."},
        {"ride": "X..X.xX.xX.x", "foot": "...x.....x..", "snare": ".g..gx..g.x.", "kick": "g....xg..g.."},
        (112.0, 150.0, 196.0),
    ),
    "bossa": _style(
        {"hat": "x.x.x.x.x.x.x.x.", "snare": "g..g..g...g..g..", "kick": "x..xx..xx..xx..x"},
        {"ride": "x.x.x.x.x.x.x.x.", "snare": "x..x..x...x..x..", "kick": "x..xx..xx..xx..x"},
        {
            "ride": "X.xgX.xgX.xgX.xg",
            "foot": "....x.......x...",
            "snare": "..x..x..x..x..g.",
            "kick": "x..gx..gx..gx..g",
        },
        (100.0, 122.0, 144.0),
    ),
    "samba": _style(
        {"hat": "xgxxxgxxxgxxxgxx", "snare": "x..x..x.x..x.x..", "kick": "x..xX..xx..xX..x"},
        {"ride": "x.xxx.xxx.xxx.xx", "snare": "x.gxg.xgxg.x.xg.", "kick": "x..xX..xx..xX..x"},
        {
            "snare": "XgxXgxXgxgXgXgxg",
            "floor": "....X.......X...",
            "foot": "..x...x...x...x.",
            "kick": "x..x...xx..x...x",
        },
        (92.0, 108.0, 126.0),
    ),
    "reggae": _style(
        {"hat": "x.gx.gx.gx.g", "snare": "......X.....", "kick": "......X....."},
        {"hat": "x.gX.gx.gX.o", "snare": "..g...X..g.g", "kick": "x.....X....."},
        {"hat": "xgxX.gx.gXgo", "snare": ".g....X.x..g", "kick": "X..X..X..X.."},
        (68.0, 78.0, 92.0),
    ),
    "disco": _style(
        {"hat": "x.o.x.o.x.o.x.o.", "snare": "....X.......X...", "kick": "X...X...X...X..."},
        {"hat": "xxoxxxoxxxoxxxox", "snare": "....X.......X..g", "kick": "X...X...X...X.x."},
        {"hat": "x.oxx.oxxxo.x.ox", "snare": "....X..g.g..X.gg", "kick": "X..xX...X.x.X..."},
        (104.0, 116.0, 128.0),
    ),
    "metal": _style(
        {"ride": "X...X...X...X...", "snare": "....X.......X...", "kick": "x.x.x.x.x.x.x.x."},
        {"crash": "X...X...X...X...", "snare": "....X.......X...", "kick": "xxxxxxxxxxxxxxxx"},
        {"bell": "X.x.X.x.X.x.X.x.", "snare": "....X.......X.x.", "kick": "xxx.xxx.xxx.xxxx"},
        (104.0, 132.0, 160.0),
    ),
    "punk": _style(
        {"hat": "X.X.X.X.X.X.X.X.", "snare": "..X...X...X...X.", "kick": "X...X...X...X..."},
        {"crash": "X...X...X...X...", "snare": "..X...X...X...X.", "kick": "X...X..xX...X..x"},
        {"hat": "X.X.X.o.X.X.X.o.", "snare": "....X..X....X...", "kick": "X.X...X.X.X....x"},
        (150.0, 172.0, 192.0),
    ),
    "half-time": _style(
        {"hat": "X.x.X.x.X.x.X.x.", "snare": "........X.......", "kick": "X.....x........."},
        {"hat": "X.xxX.xxX.xxX.xo", "snare": "........X.....g.", "kick": "X..x.......x.x.."},
        {"ride": "XgxgXgxgXgxgXgxg", "snare": ".g.g.g.gX..g.g.g", "kick": "X..x...x..x...x."},
        (92.0, 116.0, 140.0),
        swing=0.12,
    ),
    "half-time-shuffle": _style(
        {"hat": "X.xX.xX.xX.x", "snare": "......X.....", "kick": "X....x...x.."},
        {"hat": "X.xX.xX.xX.o", "snare": ".g..g.X..g..", "kick": "X....x..x..x"},
        {"ride": "XgxXgxXgxXgx", "snare": ".g.gg.Xg.gg.", "kick": "X.x..x..x.x."},
        (84.0, 98.0, 118.0),
    ),
    "afro": _style(
        {"hat": "x..x..x..x..", "floor": "X.....x..x..", "tom_1": "...x....x..x", "kick": "X.....x....."},
        {"bell": "X.x.xx.x.x.x", "snare": "...g..x..g..", "floor": "X..x..X..x..", "kick": "X..x..X..x.."},
        {
            "bell": "X.xX.xx.x.xx",
            "foot": "x..x..x..x..",
            "tom_1": "..xx....x.x.",
            "floor": "X....xx..x.x",
            "kick": "X..x..x..x..",
        },
        (88.0, 106.0, 128.0),
    ),
    "salsa": _style(
        {"bell": "X.x.xx.x.xx.x.x.", "snare": "....x.......x...", "kick": "......x.....x..."},
        {
            "ride": "X.xx.x.xx.x.xx.x",
            "snare": "...x......x.....",
            "tom_1": "............x.x.",
            "kick": "......x.....x...",
        },
        {
            "bell": "X.xx.xXx.xX.xx.x",
            "foot": "x...x...x...x...",
            "snare": "...g..x...g..g..",
            "tom_2": "..........x.....",
            "floor": "............X.x.",
            "kick": "......X.....X...",
        },
        (88.0, 98.0, 110.0),
    ),
    "motown": _style(
        {"hat": "x.x.x.x.x.x.x.x.", "snare": "X...X...X...X...", "kick": "X.....x.X......."},
        {"hat": "xgxgxgxgxgxgxgxo", "snare": "X...X...X...X..g", "kick": "X..x..x.X..x..x."},
        {"ride": "x.x.x.xxx.x.x.x.", "snare": "X.g.X..gX.g.X.gx", "kick": "X..xx.x.X.x..x.."},
        (104.0, 120.0, 138.0),
    ),
    "country": _style(
        {"hat": "x.x.x.x.x.x.x.x.", "snare": "....x.......x...", "kick": "X.......X......."},
        {"snare": "ggXgggXgggXgggXg", "foot": "....x.......x...", "kick": "X...X...X...X..."},
        {"snare": "gXggXgXggXggXgXX", "foot": "..x...x...x...x.", "kick": "X...x...X...x..x"},
        (92.0, 110.0, 130.0),
    ),
    "waltz": _style(
        {"ride": "X...x...x...", "foot": "....x...x...", "kick": "x..........."},
        {"ride": "X...x.x.x...", "foot": "....x...x...", "snare": "....g...x..g", "kick": "x.....g....."},
        {"ride": "X.x.xxx.x.x.", "foot": "....x...x...", "snare": ".g..x.g.x.gg", "kick": "x..g..x...x."},
        (96.0, 126.0, 164.0),
        beats=3,
    ),
    "jungle": _style(
        {"hat": "x.x.x.x.x.x.x.x.", "snare": "....X..x.x..X..x", "kick": "X.x.......xx...."},
        {"ride": "x.x.x.x.x.x.x.x.", "snare": "....X..g.x..X.g.", "kick": "X.X.......X..x.."},
        {"hat": "x.xxx.oxx.xxx.x.", "snare": "..g.X.gx.xg.Xg.x", "kick": "XxX...x...x..X.."},
        (138.0, 156.0, 172.0),
    ),
    "tom-tribal": _style(
        {"floor": "X.x.x.x.X.x.x.x.", "snare": "....X.......X...", "kick": "X.......X......."},
        {
            "floor": "X..xx.x.X..xx...",
            "tom_1": "..x..x....x...xx",
            "snare": "....X.......X...",
            "kick": "X...X...X...X...",
        },
        {
            "floor": "X.xx..x.X.x..x.x",
            "tom_2": ".x..x..x...x....",
            "tom_1": "....X......xX.x.",
            "foot": "..x...x...x...x.",
            "kick": "X..x..X.X..x..X.",
        },
        (92.0, 112.0, 132.0),
    ),
}
