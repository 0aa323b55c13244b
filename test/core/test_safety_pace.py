"""Commands that come close together are answered at once; a flood at a pace that leaves time for everything else."""

from __future__ import annotations

from vla_ros.safety.pace import Pace


def passed(pace: Pace, times: list[float]) -> int:
    return sum(pace.lets(t) for t in times)


def test_a_burst_passes_whole_and_one_more_only_after_the_period() -> None:
    pace = Pace(0.008, 3)
    assert [pace.lets(5.0) for _ in range(4)] == [True, True, True, False]
    assert not pace.lets(5.0079) and pace.lets(5.0081) and not pace.lets(5.009)


def test_a_flood_passes_at_the_pace() -> None:
    assert passed(Pace(0.008, 3), [k * 0.001 for k in range(1000)]) in (127, 128)


def test_rest_fills_no_more_than_the_burst_and_a_clock_never_takes_tokens() -> None:
    pace = Pace(0.008, 3)
    passed(pace, [1.0] * 5)
    assert passed(pace, [100.0] * 9) == 3
    assert passed(pace, [50.0] * 3) == 0
