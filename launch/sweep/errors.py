"""What can go wrong, by whose fault it is: the exit code of `lambdaforge sweep`."""


class SweepError(Exception):
    exit_code = 1


class BadInput(SweepError):
    """The sweep file's, the recipe's or the command line's fault: another try ends the same way."""

    exit_code = 2


class OutsideFault(SweepError):
    """The disk's, the network's, another program's: another try may succeed."""

    exit_code = 1
