"""`python -m comparisons.gradbench`: answer GradBench on standard input and output."""

from comparisons.gradbench.tool import main

if __name__ == "__main__":
    main()
