"""A real Prometheus watches real runs: what it sees, what the dashboards and alerts find, and who else comes by."""

import base64
import contextlib
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import optuna
import pytest
import yaml
from grafana_foundation_sdk.models.dashboard import Dashboard

from runs import ROOT, environment, free_port, run_training, train_command, write_recipe

sys.path.append(str(ROOT))
from launch.sweep.gauges import Progress, SweepExporter, SweepGauges  # noqa: E402
from launch.sweep.prometheus_options import PrometheusOptions  # noqa: E402

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
def training(recipe, ranks, **variables):
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

    def __init__(self, folder, port, certificate):
        self.url = f"http://127.0.0.1:{port}"
        self.targets, self.secure_targets = folder / "targets", folder / "secure"
        self.targets.mkdir()
        self.secure_targets.mkdir()
        config = yaml.safe_load((LAUNCH / "prometheus/prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(ALERTS)]
        (plain,) = (job for job in config["scrape_configs"] if job["job_name"] == "lambdaforge")
        config["scrape_configs"] = [plain, self.secured(plain, certificate)]
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
        """[(seconds, value)] of the one series that `selector` names, also after its end."""
        (series,) = self.query(f"{selector}[1h]")
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
def prometheus(certificate, tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    watching = Prometheus(folder, port, certificate)
    command = (
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with server(folder / "log", f"{watching.url}/-/ready", *command):
        yield watching


@pytest.fixture(scope="module")
def pushgateway(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("pushgateway"), free_port()
    url = f"http://127.0.0.1:{port}"
    with server(folder / "log", f"{url}/-/ready", "prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}"):
        yield url


def recipe_of(folder, sections, name, targets, nano=None, **tracking):
    if nano is not None:
        sections["evaluation"] = {"nano_beir": nano, "dataset_names": ["noun"], "rerank_k": 5}
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


# --- a run of two ranks, watched from its start to its end ---


@contextlib.contextmanager
def sweep_of_the_project(targets):
    """What the driver of a sweep serves, of a study that goes on."""
    study = optuna.create_study(study_name="test", direction="maximize")
    study.add_trial(optuna.create_trial(value=0.4))
    study.ask()
    gauges = SweepGauges(study, lambda: Progress(2, 1, {"trials": 0.5}))
    with SweepExporter(gauges, "test", PrometheusOptions(port=0, targets=targets)):
        yield


@pytest.fixture(scope="module")
def watched(prometheus, pushgateway, small_recipe, wordnet, tmp_path_factory):
    folder = tmp_path_factory.mktemp("watched")
    sections = small_recipe(
        2, max_steps=60, eval_strategy="steps", eval_steps=20, save_strategy="steps", save_steps=20, save_total_limit=1
    )
    tracking = {"pushgateway_url": pushgateway}
    recipe = recipe_of(folder, sections, "watched", prometheus.targets, wordnet / "nano", **tracking)
    target = prometheus.targets / "test.watched.0.json"
    with sweep_of_the_project(prometheus.targets), training(recipe, 2) as run:
        wait_for(lambda: target.exists() or run.poll() is not None, "the target's file")
        texts = []

        def has_saved():
            with contextlib.suppress(OSError):
                texts.append(scrape(target))
                return "lambdaforge_last_checkpoint_step" in texts[-1]
            return run.poll() is not None

        wait_for(has_saved, "a checkpoint")
        output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    return {"folder": folder / "runs/test/watched", "text": texts[-1]}


def csv_rows(folder):
    rows = [line.split(",") for line in (folder / "metrics.csv").read_text().splitlines()[1:]]
    return {(int(step), name): float(value) for step, _, _, name, value in rows}


def test_prometheus_saw_the_run_to_its_end(prometheus, watched):
    rows = csv_rows(watched["folder"])
    main = 'run="watched", rank="0"'
    assert prometheus.history(f"lambdaforge_step{{{main}}}")[-1][1] == 60
    assert prometheus.history(f'lambdaforge_run_status{{{main}, status="finished"}}')[-1][1] == 1
    assert prometheus.history(f"lambdaforge_loss{{{main}}}")[-1][1] == pytest.approx(rows[60, "loss"], rel=1e-14)
    noun = f'{main}, dataset="noun_R5"'
    for metric in ("ndcg@10", "mrr@10", "map", "base_ndcg@10"):
        last = prometheus.history(f'lambdaforge_evaluation{{{noun}, metric="{metric}"}}')[-1][1]
        assert last == pytest.approx(rows[60, f"eval_noun_R5_{metric}"], rel=1e-14), metric
    for rank in range(2):
        lists = prometheus.history(f'lambdaforge_lists_total{{run="watched", rank="{rank}"}}')[-1][1]
        assert lists == 60 * 4


def test_a_finished_run_is_no_target_any_more(prometheus, watched):
    assert list(prometheus.targets.glob("test.watched.*")) == []
    assert prometheus.query('ALERTS{alertstate="firing", run="watched"}[1h]') == []


@pytest.fixture(scope="module")
def in_the_run(prometheus, watched):
    """query(expression) -> what Prometheus answered when the run was about to end."""
    running = prometheus.history('lambdaforge_run_status{run="watched", rank="0", status="running"}')
    last = max(seconds for seconds, value in running if value == 1)
    return lambda expression: prometheus.query(expression, time=last)


def queries_of(board):
    for panel in json.loads(board.read_text())["panels"]:
        for target in panel["targets"]:
            query = target["expr"]
            for name, value in {
                "$project": "test",
                "$run": "watched",
                "$__rate_interval": "20s",
                "$__range": "5m",
            }.items():
                query = query.replace(name, value)
            assert "$" not in query, query
            yield panel["title"], query


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.stem)
def test_every_panel_finds_data(board, in_the_run):
    queries = list(queries_of(board))
    assert queries
    empty = {query for _, query in queries if not in_the_run(query)}
    assert empty == set()


def test_every_alert_finds_its_metrics(in_the_run):
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    assert len(rules) >= 9
    for rule in rules:
        without_threshold = re.sub(r"(==|!=|[<>]=?)\s*(-?[\d.]+|Inf)", "", rule["expr"])
        assert without_threshold != rule["expr"], rule["alert"]
        assert in_the_run(without_threshold), (rule["alert"], without_threshold)


def test_the_sweep_was_seen_until_its_driver_ended(prometheus, watched):
    assert prometheus.history('lambdaforge_sweep_best{project="test"}')[-1][1] == 0.4
    assert prometheus.history('lambdaforge_sweep_trials{project="test", state="running"}')[-1][1] == 1
    assert list(prometheus.targets.glob("test.sweep.*")) == []
    assert prometheus.query('up{project="test", run=""} == 0') == []


def test_ranks_can_be_joined_to_their_hosts(in_the_run):
    memory = in_the_run(
        "lambdaforge_resident_memory_bytes"
        " * on (project, run, rank) group_left (host, device, gpu_uuid) lambdaforge_rank_info"
    )
    found = {series["metric"]["rank"]: series["metric"] for series in memory}
    assert set(found) == {"0", "1"}
    for labels in found.values():
        assert labels["host"] == socket.gethostname()
        assert labels["device"]
    assert all(float(series["value"][1]) > 1e6 for series in memory)


def test_the_pushgateway_has_the_last_values(pushgateway, watched):
    text = get(f"{pushgateway}/metrics")
    for rank in range(2):
        labels = rf'instance="rank-{rank}",job="lambdaforge",project="test",rank="{rank}",run="watched"'
        assert re.search(rf"^lambdaforge_step{{{labels}}} 60$", text, re.MULTILINE), text
        assert re.search(rf'^lambdaforge_run_status{{{labels},status="finished"}} 1$', text, re.MULTILINE)


# --- what the peers' own tools say ---


def promtool(*arguments, text=None):
    done = subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_likes_the_metrics(watched):
    assert promtool("check", "metrics", text=watched["text"]) == ""


def test_promtool_likes_the_rules():
    assert "9 rules found" in promtool("check", "rules", ALERTS)
    promtool("test", "rules", LAUNCH / "prometheus/tests.yml")
    promtool("check", "config", LAUNCH / "prometheus/prometheus.yml")


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_grafanas_schema_takes_the_dashboard(path):
    raw = json.loads(path.read_text())
    board = Dashboard.from_json(raw)
    assert board.uid == f"lambdaforge-{path.stem}"
    assert len(board.panels) == len(raw["panels"]) > 0
    assert all(panel.targets and panel.datasource.uid == "lambdaforge" for panel in board.panels)


def test_dashboards_are_what_their_program_writes(tmp_path):
    subprocess.run([sys.executable, LAUNCH / "grafana/dashboards.py", tmp_path], check=True)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        path.name: path.read_text() for path in BOARDS
    }


def test_what_compose_mounts_is_there():
    compose = yaml.safe_load((LAUNCH / "compose.yaml").read_text())
    for service in compose["services"].values():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", service["image"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (LAUNCH / source).is_dir(), volume
    provider = yaml.safe_load((LAUNCH / "grafana/provisioning/dashboards/lambdaforge.yml").read_text())
    mounts = dict(volume.split(":")[:2] for volume in compose["services"]["grafana"]["volumes"])
    assert provider["providers"][0]["options"]["path"] == mounts["./grafana/dashboards"]
    source = yaml.safe_load((LAUNCH / "grafana/provisioning/datasources/prometheus.yml").read_text())
    assert source["datasources"][0]["uid"] == "lambdaforge"


# --- one exporter a node, TLS, a password, a port in use ---


TEN_MEGABYTES = b"x" * 10_000_000


def say(address, request, wrap=lambda client: client):
    """What is answered until the server hangs up."""
    host, port = address.split(":")
    received = b""
    with wrap(socket.create_connection((host, int(port)), timeout=60)) as client, contextlib.suppress(OSError):
        client.sendall(request)
        while part := client.recv(65536):
            received += part
    return received


def check_tls(address, certificate):
    """TLS 1.2 and 1.3 and nothing else, whatever comes instead."""

    request = b"GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"

    def status(version):
        def wrap(client):
            return certificate.context(version).wrap_socket(client, server_hostname="127.0.0.1")

        return say(address, request, wrap)[:12]

    def leave():
        """Asks, and is gone (a reset, no goodbye) when the answer comes."""
        host, port = address.split(":")
        with (
            socket.create_connection((host, int(port))) as client,
            certificate.context().wrap_socket(client, server_hostname=host) as secure,
        ):
            secure.sendall(request)
            secure.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert status(ssl.TLSVersion.TLSv1_2) == status(ssl.TLSVersion.TLSv1_3) == b"HTTP/1.1 401"
    with pytest.raises(ssl.SSLError, match="EOF|alert protocol version"):  # the server's doing, not this client's
        status(ssl.TLSVersion.TLSv1_1)
    hello = b"\x16\x03\x01\x02\x00\x01"  # the beginning of a handshake
    for _ in range(5):
        leave()
    for garbage in (request, TEN_MEGABYTES, os.urandom(4096), hello):
        answer = say(address, garbage)
        assert b"HTTP" not in answer and b"lambdaforge" not in answer, answer[:200]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_one_exporter_for_the_node_behind_tls_and_a_password(prometheus, certificate, small_recipe, tmp_path):
    targets = prometheus.secure_targets
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        recipe = recipe_of(
            tmp_path,
            small_recipe(2, max_steps=100),
            "node",
            targets,
            prometheus_per="node",
            prometheus_port=port,
            prometheus_user="me",
            prometheus_certificate=certificate.path,
            prometheus_key=certificate.key,
        )
        target = targets / "test.node.0.json"
        with training(recipe, 2, **{PASSWORD: SECRET}) as run:
            wait_for(lambda: target.exists() or run.poll() is not None, "the target's file")
            context = certificate.context()
            for auth in ((), ("me", "wrong")):
                with pytest.raises(urllib.error.HTTPError) as refused:
                    scrape(target, *auth, context=context)
                assert refused.value.code == 401
            check_tls(address_in(target), certificate)
            wait_for(lambda: "lambdaforge_loss" in scrape(target, "me", SECRET, context=context), "a step")
            text = scrape(target, "me", SECRET, context=context)
            assert [path.name for path in targets.iterdir()] == [target.name]
            output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    assert f"port {port} is in use" in output and "serves https://127.0.0.1:" in output
    for rank in range(2):
        assert re.search(rf'^lambdaforge_rank_up{{.*rank="{rank}"}} 1$', text, re.MULTILINE), text
        assert re.search(rf'^lambdaforge_rank_info{{.*rank="{rank}"}} 1$', text, re.MULTILINE)
        assert prometheus.history(f'lambdaforge_lists_total{{run="node", rank="{rank}"}}')[-1][1] == 100 * 4
    assert SECRET not in output
    for path in tmp_path.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert SECRET.encode() not in content and b"PRIVATE KEY" not in content, path


def test_rude_clients_hurt_nobody(small_recipe, tmp_path):
    recipe = recipe_of(tmp_path, small_recipe(1, max_steps=60), "rude", tmp_path / "targets", prometheus_wait_seconds=1)
    target = tmp_path / "targets/test.rude.0.json"
    with training(recipe, 1) as run, contextlib.ExitStack() as slow:
        wait_for(lambda: target.exists() or run.poll() is not None, "the target's file")
        address = address_in(target)
        host, port = address.split(":")
        for _ in range(8):  # each with a request that never ends
            client = slow.enter_context(socket.create_connection((host, int(port)), timeout=60))
            client.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        for request in (
            b"GET /metrics HTTP/1.1\r\nX: " + TEN_MEGABYTES + b"\r\n\r\n",
            b"GET /" + TEN_MEGABYTES + b" HTTP/1.1\r\n\r\n",
            TEN_MEGABYTES,
            os.urandom(4096) + b"\r\n\r\n",
            b"GET /../../../../etc/passwd HTTP/1.1\r\n\r\n",
            b"GET /metrics/../recipe.toml HTTP/1.1\r\n\r\n",
        ):
            answer = say(address, request)
            assert not answer or re.match(rb"HTTP/1\.[01] 4\d\d", answer), answer[:200]
            assert b"lambdaforge_" not in answer and b"root:" not in answer and b"learning_rate" not in answer
        assert "lambdaforge_rank_up" in scrape(target)
        output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    assert not target.exists()


# --- what is seen of a run that fails ---


def test_a_loss_that_is_not_finite_is_seen(prometheus, small_recipe, wordnet, tmp_path):
    sections = small_recipe(2, learning_rate=1e30, warmup_ratio=0, max_grad_norm=0, eval_on_start=True)
    # Prometheus takes up to five seconds to look at a new target, longer than this run lasts; so it knows it before.
    port = free_port()
    labels = {"project": "test", "run": "diverged", "rank": "0"}
    (prometheus.targets / "test.diverged.0.json").write_text(
        json.dumps([{"targets": [f"127.0.0.1:{port}"], "labels": labels}])
    )
    wait_for(lambda: prometheus.query('up{run="diverged", rank="0"} == 0'), "the target to be known")
    recipe = recipe_of(tmp_path, sections, "diverged", prometheus.targets, wordnet / "nano", prometheus_port=port)
    done = run_training(recipe, 2)
    assert done.returncode != 0
    assert "diverged" in done.stderr

    loss = prometheus.history('lambdaforge_loss{run="diverged", rank="0"}')[-1][1]
    assert loss != loss
    assert prometheus.history('lambdaforge_run_status{run="diverged", rank="0", status="failed"}')[-1][1] == 1
    for alert in ("LossNotFinite", "RunFailed"):
        firing = f'ALERTS{{alertname="{alert}", alertstate="firing", run="diverged"}}'
        wait_for(lambda firing=firing: prometheus.query(firing), alert)
    # The targets stay, so that the exporters are missed.
    wait_for(lambda: prometheus.query('up{run="diverged", rank="0"} == 0'), "up to be 0")


# --- recipes that cannot work ---


@pytest.mark.parametrize(
    "tracking, message",
    [
        ({"prometheus_user": "me"}, PASSWORD),
        ({"prometheus_address": "localhost"}, "expected an IPv4 address"),
        ({"prometheus_per": "host"}, "known: rank, node"),
        ({"prometheus_port": 65536}, "[0, 65535]"),
        ({"prometheus_key": "key.pem"}, "not tracking.prometheus_certificate"),
        ({"prometheus_certificate": "no.pem", "prometheus_key": "no.pem"}, "no.pem: No such file"),
    ],
)
def test_what_cannot_work_is_said_at_once(tracking, message, small_recipe, tmp_path):
    check_complaint(tracking, message, small_recipe, tmp_path)


def test_a_certificate_needs_its_own_key(certificate, small_recipe, tmp_path):
    files = {"prometheus_certificate": certificate.path, "prometheus_key": Certificate(tmp_path).key}
    check_complaint(files, "do not match", small_recipe, tmp_path)
    files["prometheus_key"] = certificate.path  # it holds no key
    check_complaint(files, "Expected PEM files", small_recipe, tmp_path)


def check_complaint(tracking, message, small_recipe, tmp_path):
    recipe = recipe_of(tmp_path, small_recipe(max_steps=1), "wrong", tmp_path / "targets", **tracking)
    done = run_training(recipe)
    assert done.returncode != 0
    assert message in done.stderr, done.stderr
    assert not (tmp_path / "runs").exists()
