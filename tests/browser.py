"""Pages in Chromium."""

import shutil
import subprocess
import tempfile

OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,2000", "--enable-logging=stderr"]
VIRTUAL_MILLISECONDS = 15_000  # by the page's clock, which jumps ahead where nothing is left to do


def rendered(url, is_complete):
    """(document, lines that Chromium said) when the page's scripts have run.

    On a busy machine Chromium may look too early: a document that is not complete is asked for once more.
    """
    document, said = _rendered_once(url)
    return (document, said) if is_complete(document) else _rendered_once(url)


def _rendered_once(url):
    chromium = shutil.which("chromium")
    assert chromium, "no chromium: run launch/bootstrap.sh --tests"
    # A profile of its own: one that is still ending would keep the next one out.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = [*OPTIONS, f"--user-data-dir={profile}", f"--virtual-time-budget={VIRTUAL_MILLISECONDS}"]
        done = subprocess.run([chromium, *options, "--dump-dom", url], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr.splitlines()
