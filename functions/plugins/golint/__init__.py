"""golint: what golint finds in the lines that a pull request adds is said in a review.

`plugin` reads what is needed and answers; `problems` reads what the program prints.
"""
