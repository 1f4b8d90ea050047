import pytest
from tests.support.cli import Cli
pytestmark = pytest.mark.system


class TestExitCodes:
    def test_that_of_the_command(self, cli: Cli) -> None:
        assert cli.fails(7, "run", "busybox", "sh", "-c", "exit 7").err == ""
