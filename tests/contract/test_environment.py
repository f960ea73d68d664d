"""pyproject.toml, constraints.txt and environment.yml say the same thing."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

# conda-forge names that differ from the names of the Python packages
CONDA_NAMES = {"torch": "pytorch", "lazy-loader": "lazy_loader"}
GPL = {"psignifit", "pingouin"}


@pytest.fixture(scope="module")
def project(pytestconfig):
    return tomllib.loads((pytestconfig.rootpath / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def pins(pytestconfig):
    lines = (pytestconfig.rootpath / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def requirements(project):
    groups = {
        "runtime": project["project"]["dependencies"],
        **project["project"]["optional-dependencies"],
        **project["dependency-groups"],
    }
    return [(group, Requirement(text)) for group, texts in groups.items() for text in texts]


def test_environment_yml_lists_the_runtime_dependencies(project, pytestconfig):
    text = (pytestconfig.rootpath / "environment.yml").read_text()
    listed = dict(re.findall(r"^  - ([\w-]+) (>=[\w.]+)$", text, flags=re.MULTILINE))
    expected = {"python": project["project"]["requires-python"].replace(" ", "")}
    for text in project["project"]["dependencies"]:
        requirement = Requirement(text)
        expected[CONDA_NAMES.get(requirement.name, requirement.name)] = str(requirement.specifier)
    assert listed == expected


def test_every_requirement_is_pinned_within_its_range(project, pins):
    for group, requirement in requirements(project):
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{group}: {name} is not in constraints.txt"
        assert requirement.specifier.contains(pins[name]), (
            f"{group}: {requirement} but constraints.txt has {pins[name]}"
        )


def test_every_requirement_has_a_floor(project):
    for group, requirement in requirements(project):
        assert {spec.operator for spec in requirement.specifier} == {">="}, f"{group}: {requirement}"


def test_pins_are_public_versions(pins):
    for name, version in pins.items():
        parsed = Version(version)
        assert parsed.local is None, f"{name}=={version} exists on one machine only"


def test_torch_is_the_release_with_a_cpu_build(pins):
    assert pins["torch"] == "2.13.0"


def test_gpl_packages_are_in_the_bench_group_only(project):
    for group, requirement in requirements(project):
        assert group == "bench" or canonicalize_name(requirement.name) not in GPL, f"{group}: {requirement}"


def test_version_is_the_same_everywhere(pytestconfig):
    source = (pytestconfig.rootpath / "neurosci/_version.py").read_text()
    version = re.search(r'__version__ = "(.+)"', source).group(1)
    citation = (pytestconfig.rootpath / "CITATION.cff").read_text()
    assert re.search(r"^version: (.+)$", citation, flags=re.MULTILINE).group(1) == version


def test_hooks_have_the_pinned_versions(pins, pytestconfig):
    text = (pytestconfig.rootpath / ".pre-commit-config.yaml").read_text()
    revisions = dict(re.findall(r"repo: \S+/([\w-]+)\n    rev: v(\S+)", text))
    assert revisions["ruff-pre-commit"] == pins["ruff"]
    assert revisions["mirrors-mypy"] == pins["mypy"]


def test_workflows_may_only_read_and_are_pinned_to_a_commit(pytestconfig):
    files = list((pytestconfig.rootpath / ".github" / "workflows").glob("*.yml"))
    assert files
    for path in files:
        text = path.read_text()
        assert "\npermissions:\n  contents: read\n" in text
        assert "write" not in text
        used = re.findall(r"uses: \S+?@(\S+)", text)
        assert used
        assert all(re.fullmatch(r"[0-9a-f]{40}", commit) for commit in used)
