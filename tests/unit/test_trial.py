"""Templates are tried before they are stored: what would fail or leak is refused, by template and line."""

from __future__ import annotations

import shutil

import pytest

from explainer.errors import PromptError
from explainer.paths import resource_dir
from explainer.registry.samples import sample_evidence
from explainer.registry.trial import tried
from explainer.writing.prompts import PromptLibrary
from explainer.writing.slots import fill, slot_values
from explainer.writing.style import Style
from retriever.data import BehaviourKind

PACKAGE = PromptLibrary()
CUSTOMER = PACKAGE.sources(Style("en", "customer"))


def trial(**changed):
    """Try the package's templates with some replaced (None: gone)."""
    sources = CUSTOMER | {f"en/customer/{name}.j2": text for name, text in changed.items()}
    kept = {name: text for name, text in sources.items() if text is not None}
    return tried(PromptLibrary(sources=kept, origin="a test"), Style(), PACKAGE)


def test_the_packages_own_templates_pass_and_keep_their_version():
    assert trial().version(Style("en", "customer")) == PACKAGE.version(Style("en", "customer"))


def test_the_samples_have_every_kind_of_behaviour_and_every_shape_of_reason():
    told = sample_evidence("video")
    assert {b.kind for evidence in told for b in evidence.behaviours} == set(BehaviourKind)
    assert {type(r).__name__ for e in told for b in e.behaviours for r in b.reasons} == {
        "SharedAspect",
        "CoOccurrence",
        "CloseInMeaning",
        "SameSeries",
        "SameCreator",
    }
    assert {len(evidence.behaviours) for evidence in told} == {0, 1, 2, 3}
    assert {e.causal for e in told} == {e.known_user for e in told} == {True, False}


@pytest.mark.parametrize("name", ["system", "prompt", "fallback"])
@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("fine\n{{ missing }}", "', line 2 .*'missing' is undefined"),
        ("{% if %}", "', line 1 "),
        ("\n\n{{ 1 / 0 }}", "', line 3 .*ZeroDivisionError"),
        ("{{ 'a' + 1 }}", "', line 1 .*TypeError"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "', line 1 .*RecursionError"),
        ("{{ lipsum() }}", "', line 1 .*lipsum"),
        ("{{ [1, 2] | random }}", "', line 1 .*random"),
        ("{{ evidence.title }}", "' writes a title or a name itself"),
        ("{item} {b9}", r"' uses the slot \{b9\}"),
        ("{% for n in range(10 ** 9) %}x{% endfor %}", "', line 1 .*OverflowError"),
    ],
)
def test_what_does_not_render_is_refused_by_template_and_line(name, template, said):
    with pytest.raises(PromptError, match=rf"(?s)en/customer/{name}\.j2{said}"):
        trial(**{name: template})


@pytest.mark.parametrize("other", ["en/customer/nowhere.j2", "../../../etc/passwd", "en/support/prompt.j2"])
@pytest.mark.parametrize("how", ["{% include '@' %}", "{% import '@' as x %}", "{% extends '@' %}"])
def test_no_template_leans_on_one_outside_its_version(other, how):
    with pytest.raises(PromptError, match=rf"'{other}' is missing in a test"):
        trial(fallback=how.replace("@", other))


ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ evidence.__class__.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ (evidence | attr('__class__')).mro() }}",
    "{{ '{0.__class__.__mro__}'.format(evidence) }}",
    "{{ [evidence] | map(attribute='__class__') | list | first | attr('mro') }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ evidence.sharing.__func__.__globals__ }}",
    "{{ evidence.behaviours.append(1) }}",
    "{% set x = [] %}{{ x.append(1) }}",
    "{{ joiner.__init__.__globals__ }}",
]


@pytest.mark.parametrize("template", ESCAPES)
@pytest.mark.parametrize("name", ["system", "fallback"])
def test_no_template_gets_out_of_the_sandbox(name, template):
    with pytest.raises(PromptError, match=rf"en/customer/{name}\.j2', line 1"):
        trial(**{name: template})


def test_wording_is_tried_too():
    for text, said in [
        ("{%- set noun = 1 / 0 -%}", "news.j2', line 1.*ZeroDivision"),
        ("{%- set noun = 'x' -%}", "incomplete"),
    ]:
        sources = CUSTOMER | {"en/domains/news.j2": text}
        with pytest.raises(PromptError, match=said):
            tried(PromptLibrary(sources=sources), Style(), PACKAGE)


@pytest.mark.parametrize("name", ["system", "prompt", "fallback"])
def test_a_missing_template_is_named(name):
    with pytest.raises(PromptError, match=rf"en/customer/{name}\.j2' is missing"):
        trial(**{name: None})


def test_a_missing_domain_is_named():
    sources = {name: text for name, text in CUSTOMER.items() if "shop" not in name}
    with pytest.raises(PromptError, match=r"shop\.j2' is missing"):
        tried(PromptLibrary(sources=sources), Style(), PACKAGE)


def test_an_empty_text_is_refused():
    with pytest.raises(PromptError, match=r"fallback\.j2' says nothing"):
        trial(fallback="{# nothing #}")


def test_autoescape_stays_off_so_that_sentences_have_no_entities():
    library = trial(fallback='{{ "Rock & Roll\'s <best>" }}: {item}')
    evidence = sample_evidence("video")[0]
    text = fill(library.fallback(evidence, 0), slot_values(evidence))
    assert text.startswith("Rock & Roll's <best>: ")


def test_a_library_of_sources_is_the_library_of_its_folder(tmp_path):
    shutil.copytree(resource_dir("prompts"), tmp_path / "p")
    folder, kept = PromptLibrary(tmp_path / "p"), PromptLibrary(sources=CUSTOMER)
    assert folder.version(Style("en", "customer")) == kept.version(Style("en", "customer"))
    for evidence in sample_evidence("shop"):
        assert [folder.fallback(evidence, n) for n in range(12)] == [kept.fallback(evidence, n) for n in range(12)]


@pytest.mark.parametrize(
    ("content", "said"), [(b"\xff\xfe", "not UTF-8.*byte 0"), (None, "no folder of prompt templates")]
)
def test_what_cannot_be_read_is_named(tmp_path, content, said):
    if content is not None:
        (tmp_path / "en" / "customer").mkdir(parents=True)
        (tmp_path / "en" / "customer" / "system.j2").write_bytes(content)
    with pytest.raises(PromptError, match=said):
        PromptLibrary(tmp_path if content else tmp_path / "no")
