from cutwater.events.remembered import Known


def test_what_was_asked_for_last_is_kept() -> None:
    known = Known()
    for name in ("a", "b"):
        assert known.put(name, f"is {name}", most=2) == f"is {name}"
    assert known.get("a", str) == "is a"
    known.put("c", "is c", most=2)
    assert [known.get(name, str) for name in "abc"] == ["is a", None, "is c"]


def test_each_type_is_apart() -> None:
    known = Known()
    known.put("a", 1, most=1)
    known.put("a", "one", most=1)
    assert (known.get("a", int), known.get("a", str), known.get("a", bytes)) == (1, "one", None)
