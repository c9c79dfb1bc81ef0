"""The error that every tool raises when it cannot go on for a reason the user can mend."""


class ToolError(Exception):
    """A problem said in full: what is wrong and where, and under `cure` what to do about it."""

    def __init__(self, problem: str, *, cure: str) -> None:
        self.problem = problem
        self.cure = cure
        super().__init__(f"{problem}\n  to fix it: {cure}")
