"""Real Prometheus servers beside a test, runs for them to watch, and Prometheus' own tools."""

import base64
import contextlib
import json
import ssl
import subprocess
import time
import urllib.parse
import urllib.request

import pytest
import yaml

from runs import ROOT, environment, free_port, train_command, write_recipe

LAUNCH = ROOT / "launch"
BOARDS = sorted((LAUNCH / "grafana/dashboards").glob("*.json"))
ALERTS = LAUNCH / "prometheus/alerts.yml"
PASSWORD = "LAMBDAFORGE_PROMETHEUS_PASSWORD"
SECRET = "open sesame"


# --- servers and clients ---


def get(url, user=None, password=None, context=None):
    request = urllib.request.Request(url)
    if user is not None:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())
    with urllib.request.urlopen(request, timeout=60, context=context) as answer:
        return answer.read().decode()


def wait_for(condition, what, seconds=120):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.1)
    return result


def answers(url):
    with contextlib.suppress(OSError):
        return bool(get(url)) or True
    return False


@contextlib.contextmanager
def server(log, url, *command):
    with (
        log.open("w") as output,
        subprocess.Popen(list(map(str, command)), stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            wait_for(lambda: process.poll() is not None or answers(url), url)
            assert process.poll() is None, log.read_text()
            yield
        finally:
            process.kill()


@contextlib.contextmanager
def training(recipe, ranks=None, **variables):
    """A run that goes on while the block looks at it, and is waited for after it."""
    with subprocess.Popen(
        train_command(recipe, ranks),
        env=environment(ranks) | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        try:
            yield run
        except BaseException:
            run.terminate()
            raise


class Prometheus:
    """Debian's, with the project's own configuration, looking once a second."""

    def __init__(self, folder, port, certificate, pushgateway):
        self.url = f"http://127.0.0.1:{port}"
        self.targets, self.secure_targets = folder / "targets", folder / "secure"
        self.targets.mkdir()
        self.secure_targets.mkdir()
        config = yaml.safe_load((LAUNCH / "prometheus/prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(ALERTS)]
        jobs = {job["job_name"]: job for job in config["scrape_configs"]}
        jobs["pushgateway"]["static_configs"] = [{"targets": [pushgateway.removeprefix("http://")]}]
        config["scrape_configs"] = [*jobs.values(), self.secured(jobs["lambdaforge"], certificate)]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))

    def secured(self, job, certificate):
        """As the comments in prometheus.yml say; the scheme comes with the targets."""
        return job | {
            "job_name": "secure",
            "tls_config": {"ca_file": str(certificate.path)},
            "basic_auth": {"username": "me", "password": SECRET},
            "file_sd_configs": [{"files": [f"{self.secure_targets}/*.json"]}],
        }

    def query(self, expression, **parameters):
        arguments = urllib.parse.urlencode({"query": expression} | parameters)
        return json.loads(get(f"{self.url}/api/v1/query?{arguments}"))["data"]["result"]

    def history(self, selector):
        """[(seconds, value)] of the one series that `selector` names, also after its end; not of what was pushed."""
        (series,) = (
            series
            for series in self.query(f"{selector}[1h]")
            if not series["metric"].get("instance", "").startswith("rank-")
        )
        return [(seconds, float(value)) for seconds, value in series["values"]]


class Certificate:
    """Made by the openssl program, for 127.0.0.1."""

    def __init__(self, folder):
        self.path, self.key = folder / "certificate.pem", folder / "key.pem"
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        make += ["-days", "1", "-subj", "/CN=lambdaforge", "-addext", "subjectAltName=IP:127.0.0.1"]
        make += ["-keyout", str(self.key), "-out", str(self.path)]
        subprocess.run(make, check=True, capture_output=True)

    def context(self, only=None):
        """For a client that believes it. `only`: of this version of TLS, whatever OpenSSL thinks of it."""
        context = ssl.create_default_context(cafile=self.path)
        if only is not None:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = only
        return context


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def pushgateway(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("pushgateway"), free_port()
    url = f"http://127.0.0.1:{port}"
    with server(folder / "log", f"{url}/-/ready", "prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}"):
        yield url


@pytest.fixture(scope="module")
def prometheus(certificate, pushgateway, tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    watching = Prometheus(folder, port, certificate, pushgateway)
    command = (
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with server(folder / "log", f"{watching.url}/-/ready", *command):
        yield watching


def recipe_of(folder, sections, name, targets, nano=None, **tracking):
    if nano is not None:
        small = {"nano_beir": nano, "dataset_names": ["noun"], "rerank_k": 5}
        sections["evaluation"] = small | sections.get("evaluation", {})
    tracking = {"console": False, "prometheus": True, "prometheus_port": 0, "prometheus_targets": targets} | tracking
    run = {"project": "test", "name": name, "output_dir": folder / "runs"}
    return write_recipe(folder / f"{name}.toml", run=run, tracking=tracking, **sections)


def address_in(path):
    (group,) = json.loads(path.read_text())
    (address,) = group["targets"]
    return address


def scrape(path, *auth, **options):
    """What the exporter that the target's file tells of says."""
    (group,) = json.loads(path.read_text())
    scheme = group["labels"].get("__scheme__", "http")
    return get(f"{scheme}://{address_in(path)}/metrics", *auth, **options)


def query_of(expression, project="test", run="watched"):
    """A panel's query as Grafana would send it."""
    values = {"$project": project, "$run": run, "$__rate_interval": "20s", "$__range": "5m"}
    for name, value in values.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


def queries_of(board, **chosen):
    """[(title of the panel, query)]"""
    panels = json.loads(board.read_text())["panels"]
    return [(panel["title"], query_of(target["expr"], **chosen)) for panel in panels for target in panel["targets"]]


def panel_query(board, title, **chosen):
    (query,) = (
        query for name, query in queries_of(LAUNCH / f"grafana/dashboards/{board}.json", **chosen) if name == title
    )
    return query


def promtool(*arguments, text=None):
    done = subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
