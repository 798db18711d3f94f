"""What the dashboards ask Prometheus: each figure of a run once, whoever told it."""

RUN = 'project="$project", run=~"$run"'
MAIN = RUN + ', rank="0"'
PROJECT = 'project="$project", rank="0"'
STUDY = 'project="$project"'
RATE = "[$__rate_interval]"
JOULES_PER_KWH = "3.6e6"

# The instance of what was pushed is the rank's, that of what was scraped an address.
SCRAPED, PUSHED = 'instance!~"rank-.+"', 'instance=~"rank-.+"'


def once(metric, labels, by="run", function="{}"):
    """One series for each value of the labels `by`, among them run, however many tell the same.

    A run that is scraped and pushed is in Prometheus twice: as it is, and as it was at its last push, also for ranks
    that have died since. What was pushed counts for a run only where nothing of it is scraped.
    """
    scraped, pushed = (
        f"max by ({by}) ({function.format(f'{metric}{{{labels}, {which}}}')})" for which in (SCRAPED, PUSHED)
    )
    return f"({scraped} or on (run) {pushed})"


def rate(metric, labels, by="run", window=RATE):
    return once(metric, labels, by, f"rate({{}}{window})")


def last(metric, labels, by="run"):
    """Of runs that ended too: their series stop, and a plain query would forget them.

    What a run pushed at its end is newer than what was scraped before it.
    """
    pushed, scraped = (
        f"max by ({by}) (last_over_time({metric}{{{labels}, {which}}}[$__range]))" for which in (PUSHED, SCRAPED)
    )
    return f"(max by ({by}) ({metric}{{{labels}, {SCRAPED}}}) or on (run) {pushed} or on (run) {scraped})"


# A rank's own work: what is left of a step is the wait for the others.
PARTS = "lambdaforge_step_part_duration_seconds_sum"
STEPS = "lambdaforge_step_duration_seconds_count"
OWN = f'{RUN}, part!="all_reduce"'
WORK = f"sum by (run, rank) ({rate(PARTS, OWN, 'run, rank, part')})"
MEMORY = once("lambdaforge_resident_memory_bytes", RUN, "run, rank")
TOKENS = f"sum by (run) ({rate('lambdaforge_tokens_total', RUN, 'run, rank')})"


def per_step(part):
    """Seconds a step, of one part or of several, by rank."""
    seconds = rate(PARTS, f'{RUN}, part=~"{part}"', "run, rank, part")
    return f"sum by (run, rank) ({seconds}) / on (run, rank) {rate(STEPS, RUN, 'run, rank')}"


def quantile(q):
    buckets = rate("lambdaforge_step_duration_seconds_bucket", RUN, "run, rank, le")
    return f"histogram_quantile({q}, sum by (run, le) ({buckets}))"
