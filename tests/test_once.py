import dataclasses
import threading

from raison.once import once


@dataclasses.dataclass(frozen=True)
class Number:
    value: int
    asked: list

    @once
    def square(self) -> int:
        """Return its square."""
        self.asked.append(self.value)
        return self.value**2


def test_it_is_computed_once_for_each_object():
    asked: list = []
    three, four = Number(3, asked), Number(4, asked)
    assert (three.square, four.square, three.square) == (9, 16, 9)
    assert asked == [3, 4]
    assert Number.square.__doc__ == "Return its square."


def test_threads_that_ask_different_objects_do_not_wait_for_each_other():
    """Each needs the other to be computing: with one lock for both this would never end."""
    meet = threading.Barrier(2, timeout=20.0)

    class Meeting:
        @once
        def place(self) -> int:
            return meet.wait()

    found = [Meeting(), Meeting()]
    threads = [threading.Thread(target=lambda each=each: each.place) for each in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.place for each in found) == [0, 1]
