"""Checks of a rule or a release model that a user declares: what would come late, and bare, is said at once.

Its formulas are evaluated once with plain numbers, for the names that they ask for and return, and are then traced as
for a core.  A timing rule and a weight rule run together; here each does with one that comes with the package.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from toolchain.did_you_mean import did_you_mean
from toolchain.errors import ModelError
from toolchain.models.given import Given, known_only
from toolchain.models.parameters import Parameter
from toolchain.synapses.declaration import Release, ReleaseModel, TimingRule, Value, Values, WeightRule
from toolchain.synapses.programs import default_programs
from toolchain.synapses.releasing import released
from toolchain.synapses.timing import SpikePairRule
from toolchain.synapses.weight import AdditiveWeightDependence

LIMITS: Final = ("w_min", "w_max")
TAKEN: Final = ("weight", "delay", "dendritic_delay_fraction")
"""What every synapse type has."""
HALF: Final = 0.5


def check_timing_rule(rule: TimingRule) -> None:
    """Check the names in a timing rule, and its formulas.

    Raises
    ------
    ModelError
        If a name is used or returned that was not declared, or a trace is left out.
    ProgramError
        If a formula does what a core cannot.
    """
    who = type(rule).__name__
    _check_parameters(who, rule.parameters)
    _check_times(who, rule.time_constants, rule.parameters)
    p = _defaults(who, rule.parameters)
    x = _Moment(who, rule, Given(who, "parameter or constant", {**p, **rule.constants(p)}))
    for method, traces in (("add_pre", rule.pre_traces), ("add_post", rule.post_traces)):
        what = f"{who}.{method}()"
        left = known_only(what, getattr(rule, method)(x), traces, what="trace", declared=f"{method[4:]}_traces")
        if missing := [trace for trace in traces if trace not in left]:
            raise ModelError(f"{what} must return all traces, '{missing[0]}' is left out")
    _number(f"{who}.apply_pre()", rule.apply_pre(x, np.full(1, HALF)))
    _number(f"{who}.apply_post()", rule.apply_post(x, np.full(1, HALF)))
    default_programs(rule, AdditiveWeightDependence())


def check_weight_rule(rule: WeightRule) -> None:
    """Check the names in a weight rule, and its formulas; see `check_timing_rule`."""
    who = type(rule).__name__
    _check_parameters(who, rule.parameters)
    names = [parameter.name for parameter in rule.parameters]
    for limit in LIMITS:
        if limit not in names:
            default = LIMITS.index(limit)
            raise ModelError(f"{who} needs a parameter '{limit}': add Parameter('{limit}', '', {default:.1f})")
    p = _defaults(who, rule.parameters)
    p = Given(who, "parameter or curve", {**p, **rule.curves(p)})
    rule.scales(p)
    for method in ("potentiate", "depress"):
        weight, a, amount = (np.full(1, HALF) for _ in range(3))
        _number(f"{who}.{method}()", getattr(rule, method)(weight, a, amount, p))
    default_programs(SpikePairRule(), rule)


def check_release_model(model: ReleaseModel) -> None:
    """Check the names in a release model, and its formulas; see `check_timing_rule`."""
    who = type(model).__name__
    _check_parameters(who, [*model.parameters, *model.state])
    p = _defaults(who, model.parameters)
    for variable in model.state:
        if isinstance(variable.initial, str):
            p[variable.initial]
    for name in model.counts:
        if name not in [*p, *(variable.name for variable in model.state)]:
            raise ModelError(f"{who}: `counts` names '{name}', which is neither a parameter nor a state variable")
    for name in model.of_target:
        if name not in p:
            raise ModelError(f"{who}: `of_target` names '{name}', which is not a parameter")
    derived = Given(who, "parameter", {name: np.atleast_1d(value) for name, value in model.derive(p).items()})
    _check_times(who, model.time_constants, derived)
    state = {v.name: derived[v.initial] if isinstance(v.initial, str) else np.full(1, v.initial) for v in model.state}
    decay = Given(who, "time constant", dict.fromkeys(model.time_constants, np.full(1, HALF)))
    draws = tuple(np.full(1, HALF) for _ in range(model.draws))
    done = model.release(Given(who, "state variable", state), derived, np.ones(1), decay, draws)
    if not isinstance(done, Release):
        raise ModelError(f"{who}.release() must return Release(state, sent), got {done!r}")
    known_only(f"{who}.release()", done.state, state)
    _number(f"{who}.release(), what is sent,", done.sent)
    released(model, {}, {}, 1, 1.0)


def _check_parameters(who: str, declared: Iterable[Any]) -> None:
    """Names are not there twice, nor those of every synapse."""
    names = [each.name for each in declared]
    for name in names:
        if names.count(name) > 1:
            raise ModelError(f"{who}: '{name}' is declared twice; rename one of them")
        if name in TAKEN:
            raise ModelError(f"{who}: every synapse has a '{name}' already; choose another name")


def _check_times(who: str, names: Iterable[str], declared: Iterable[Any]) -> None:
    known = [getattr(each, "name", each) for each in declared]
    for name in names:
        if name not in known:
            raise ModelError(
                f"{who}: `time_constants` names '{name}', which is not a parameter{did_you_mean(name, known)}; add "
                f"Parameter('{name}', 'ms', 20.0, above=0)"
            )


def _defaults(who: str, parameters: Iterable[Parameter]) -> Given:
    return Given(who, "parameter", {parameter.name: parameter.default for parameter in parameters})


def _number(where: str, value: Any) -> None:
    if not isinstance(value, (int, float, np.ndarray, np.number)):
        raise ModelError(f"{where} must be a weight, got {value!r}")


@dataclass(frozen=True, eq=False)
class _Moment:
    """What a timing rule finds, where only names count; see `toolchain.synapses.declaration.Moment`."""

    who: str
    rule: TimingRule
    p: Values

    since_pre = since_post = seen_pre = seen_post = np.ones(1)

    @property
    def pre(self) -> Values:
        """Traces of the source."""
        return self._traces("pre_traces")

    @property
    def post(self) -> Values:
        """Traces of the target."""
        return self._traces("post_traces")

    def _traces(self, which: str) -> Mapping[str, Value]:
        return Given(self.who, f"trace in `{which}`", dict.fromkeys(getattr(self.rule, which), np.full(1, HALF)))

    def decay(self, tau: str, since: Value) -> Value:
        """A decay, of a time constant that there is."""
        return Given(self.who, "name in `time_constants`", dict.fromkeys(self.rule.time_constants, HALF))[tau] * since

    def potentiate(self, weight: Value, amount: Value, amplitude: str = "A_plus") -> Value:
        """A potentiation by an amplitude that there is."""
        return weight + self._amplitude(amplitude) * amount

    def depress(self, weight: Value, amount: Value, amplitude: str = "A_minus") -> Value:
        """A depression by an amplitude that there is."""
        return weight - self._amplitude(amplitude) * amount

    def _amplitude(self, name: str) -> Value:
        return Given(self.who, "name in `amplitudes`", dict.fromkeys(self.rule.amplitudes, HALF))[name]
