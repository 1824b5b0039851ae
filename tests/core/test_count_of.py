from probeline.core.count_of import count_of


def test_one_is_singular_and_thousands_are_grouped():
    assert [count_of(number, "trial") for number in (0, 1, 2, 1000)] == [
        "0 trials",
        "1 trial",
        "2 trials",
        "1,000 trials",
    ]
