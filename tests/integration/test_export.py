"""Base and adapter as one file: the numbers, the texts, and everything that can be wrong with what it is made of."""

from __future__ import annotations

import json
import logging
import resource
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from gguf import GGUFReader
from peft import PeftModel
from safetensors.numpy import load_file, save_file
from transformers import AutoModelForCausalLM, GgufConfig

from explainer.cli import main
from explainer.errors import AssetError
from explainer.paths import adapter_dir, corpus_dir
from explainer.settings import Settings
from explainer.tuning.batches import prompt_of
from explainer.tuning.examples import read_corpus
from explainer.tuning.export import export_gguf, gguf_of, merged_gguf
from explainer.writing.engines import Sampling
from explainer.writing.engines.base_file import base_gguf
from explainer.writing.engines.base_model import resolve_base
from explainer.writing.engines.openvino_genai import OpenVinoEngine
from explainer.writing.engines.transformers_peft import TransformersEngine
from explainer.writing.engines.weights import weights_hash
from explainer.writing.prompts import PromptLibrary

BASE = base_gguf("smollm2")
ADAPTER = adapter_dir("en")
Q8_0_BLOCK = 32


@pytest.fixture
def adapter(tmp_path):
    """A copy of the shipped adapter that a test may spoil."""
    return shutil.copytree(ADAPTER, tmp_path / "adapter")


def change_config(adapter, **fields):
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def change_weights(adapter, change):
    path = adapter / "adapter_model.safetensors"
    weights = load_file(path)
    save_file(change(weights), path)


def loaded(path):
    return AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
    )


@pytest.fixture(scope="module")
def base():
    """The base as the library reads it, which takes seconds."""
    return GGUFReader(BASE)


@pytest.fixture(scope="module")
def made(merged):
    return GGUFReader(merged)


def test_every_merged_weight_is_base_plus_delta_within_the_error_of_q8_0(merged):
    expected = PeftModel.from_pretrained(loaded(BASE), str(ADAPTER)).merge_and_unload().state_dict()
    found = loaded(merged).state_dict()
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        blocks, stored = (t.reshape(-1, min(Q8_0_BLOCK, t.shape[-1])) for t in (tensor, found[name]))
        # Half a step of the block, and what its scale loses as a float16.
        bound = blocks.abs().amax(dim=-1, keepdim=True) * (0.5 / 127 + 2**-11) + 1e-7
        assert ((blocks - stored).abs() <= bound).all(), name


def test_what_the_adapter_leaves_alone_and_q8_0_holds_is_copied_bit_by_bit(base, made):
    untouched = [t.name for t in base.tensors if t.tensor_type.name in {"F32", "Q8_0"}]
    assert "token_embd.weight" in untouched
    tensors = {t.name: t for t in made.tensors}
    for tensor in base.tensors:
        assert tensors[tensor.name].shape.tolist() == tensor.shape.tolist()
        if tensor.name in untouched:
            np.testing.assert_array_equal(tensors[tensor.name].data, tensor.data)


def test_metadata_is_kept_and_says_what_the_file_was_made_of(base, made):
    base, made = (
        {name: (field.types, field.contents()) for name, field in reader.fields.items()} for reader in (base, made)
    )
    card = json.loads((ADAPTER / "card.json").read_text())
    assert made.pop("general.base_hash")[1] == card["base_hash"] == weights_hash(BASE)
    assert made.pop("general.adapter_hash")[1] == card["adapter_hash"]
    assert made.pop("general.file_type") != base.pop("general.file_type")
    made.pop("GGUF.kv_count"), base.pop("GGUF.kv_count")
    assert made == base


def test_a_file_and_what_is_unpacked_from_it_are_the_same_base(tmp_path):
    unpacked = resolve_base("smollm2", Settings().cache)
    assert weights_hash(BASE) == weights_hash(unpacked)
    weights = load_file_with_one_change(unpacked / "model.safetensors", tmp_path / "model.safetensors")
    assert weights_hash(weights.parent) != weights_hash(BASE)


def load_file_with_one_change(source, target):
    data = bytearray(source.read_bytes())
    data[-1] ^= 1
    target.write_bytes(data)
    return target


def test_the_merged_model_writes_what_the_reference_writes(merged):
    examples = read_corpus(corpus_dir("en"))[::160][:6]
    prompts = [prompt_of(example, PromptLibrary()) for example in examples]
    greedy = Sampling(temperature=0)
    reference = TransformersEngine("smollm2", ADAPTER, Settings().cache).write(prompts, greedy)
    same = sum(a == b for a, b in zip(OpenVinoEngine(merged).write(prompts, greedy), reference, strict=True))
    assert same >= 0.6 * len(prompts), "no rounding: another model"


EXPORT = """
import re, sys
from pathlib import Path
from explainer.tuning.export import gguf_of, merged_gguf
print(merged_gguf(gguf_of("smollm2"), Path(sys.argv[1]), Path(sys.argv[2])))
# Of this program alone: getrusage also counts what the parent held when it started it.
status = Path("/proc/self/status")
peak = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) // 1024 if status.exists() else 0
print(peak, "torch" in sys.modules)
"""


def test_two_processes_may_make_it_at_once_each_in_little_memory_and_without_torch(tmp_path, merged):
    command = [sys.executable, "-c", EXPORT, str(ADAPTER), str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate()[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    (made,) = tmp_path.iterdir()
    assert made.read_bytes() == merged.read_bytes()
    for path, used in answers:
        assert path == str(made)
        megabytes, torch_loaded = used.split()
        assert int(megabytes) < 1000
        assert torch_loaded == "False"


def test_it_is_made_once_and_said_so(merged, caplog):
    stamp = merged.stat().st_mtime_ns
    with caplog.at_level(logging.WARNING):
        assert merged_gguf(BASE, ADAPTER, merged.parent) == merged
    assert not caplog.records
    assert merged.stat().st_mtime_ns == stamp


def test_the_command_writes_the_file(tmp_path, merged):
    out = tmp_path / "out.gguf"
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "export", "--adapter", str(ADAPTER), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "145 MB" in result.output
    assert out.read_bytes() == merged.read_bytes()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="file size is limited in Linux's way")
def test_a_full_disk_leaves_what_was_there(tmp_path):
    out = tmp_path / "out.gguf"
    out.write_text("an older file")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000_000, before[1]))
    try:
        with pytest.raises(AssetError, match="Free space"):
            export_gguf(BASE, ADAPTER, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert out.read_text() == "an older file"
    assert list(tmp_path.iterdir()) == [out]


def test_a_place_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(AssetError, match=r"nowhere.out\.gguf could not be written"):
        export_gguf(BASE, ADAPTER, tmp_path / "nowhere" / "out.gguf")


@pytest.mark.parametrize("share", [0.0, 1e-6, 0.005, 0.5, 0.999])
def test_a_base_that_was_cut_off_is_a_clear_error(tmp_path, share):
    base = tmp_path / "base.gguf"
    base.write_bytes(BASE.read_bytes()[: int(share * BASE.stat().st_size)])
    with pytest.raises(AssetError, match="no GGUF file, or a damaged one"):
        export_gguf(base, ADAPTER, tmp_path / "out.gguf")


def test_a_base_that_is_no_file_is_a_clear_error(tmp_path):
    with pytest.raises(AssetError, match=r"no model file at .*x\.gguf"):
        gguf_of(str(tmp_path / "x.gguf"))
    with pytest.raises(AssetError, match="EXPLAINER_BASE_MODEL"):
        gguf_of(str(tmp_path))


def test_an_adapter_of_another_base_is_told_by_its_card(adapter, tmp_path):
    card = json.loads((adapter / "card.json").read_text())
    (adapter / "card.json").write_text(json.dumps(card | {"base_hash": "f" * 64}))
    with pytest.raises(AssetError, match="trained on another base model"):
        export_gguf(BASE, adapter, tmp_path / "out.gguf")
    (adapter / "card.json").write_text("{")
    with pytest.raises(AssetError, match=r"card\.json can't be read"):
        export_gguf(BASE, adapter, tmp_path / "out.gguf")


def test_without_a_card_shapes_and_names_tell(adapter, tmp_path):
    (adapter / "card.json").unlink()
    shutil.copytree(adapter, tmp_path / "renamed")
    change_weights(tmp_path / "renamed", lambda w: {n.replace("layers.29", "layers.30"): t for n, t in w.items()})
    with pytest.raises(AssetError, match=r"changes model\.layers\.30.* which the base model does not have"):
        export_gguf(BASE, tmp_path / "renamed", tmp_path / "out.gguf")
    change_weights(adapter, lambda w: {name: t[:, :-1].copy() if "lora_A" in name else t for name, t in w.items()})
    with pytest.raises(AssetError, match=r"made for another base: .* is \(\d+, 576\), not \(\d+, 575\)"):
        export_gguf(BASE, adapter, tmp_path / "out.gguf")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: {}, "incomplete"),
        (lambda w: dict(list(w.items())[1:]), "incomplete"),
        (lambda w: w | {"base_model.model.lm_head.weight": np.zeros((2, 2), np.float32)}, "not part of a LoRA adapter"),
        (lambda w: {name: t.astype(np.int32) for name, t in w.items()}, "I32"),
        (lambda w: {name: t[:8].copy() if "lora_A" in name else t for name, t in w.items()}, "rank"),
    ],
)
def test_weights_that_are_no_plain_lora_are_a_clear_error(adapter, tmp_path, change, message):
    change_weights(adapter, change)
    with pytest.raises(AssetError, match=message):
        export_gguf(BASE, adapter, tmp_path / "out.gguf")


@pytest.mark.parametrize(
    "fields", [{"use_dora": True}, {"bias": "all"}, {"peft_type": "LOHA"}, {"rank_pattern": {"q_proj": 4}}, {"r": 0}]
)
def test_an_adapter_that_is_more_than_lora_is_refused(adapter, tmp_path, fields):
    change_config(adapter, **fields)
    with pytest.raises(AssetError, match="more than plain LoRA"):
        export_gguf(BASE, adapter, tmp_path / "out.gguf")


def test_a_damaged_adapter_is_a_clear_error(adapter, tmp_path):
    whole = (adapter / "adapter_model.safetensors").read_bytes()
    for size in (0, 4, 20, 3000, len(whole) - 1):
        (adapter / "adapter_model.safetensors").write_bytes(whole[:size])
        with pytest.raises(AssetError, match="no safetensors file, or a damaged one"):
            export_gguf(BASE, adapter, tmp_path / "out.gguf")
    (adapter / "adapter_model.safetensors").unlink()
    with pytest.raises(AssetError, match="explainer tune"):
        export_gguf(BASE, adapter, tmp_path / "out.gguf")


def test_the_scale_comes_from_the_config(adapter, tmp_path, base):
    change_config(adapter, lora_alpha=0)
    export_gguf(BASE, adapter, tmp_path / "none.gguf")
    none, base = (
        next(t for t in reader.tensors if t.name == "blk.3.attn_q.weight")
        for reader in (GGUFReader(tmp_path / "none.gguf"), base)
    )
    from gguf.quants import dequantize

    off = np.abs(dequantize(none.data, none.tensor_type) - dequantize(base.data, base.tensor_type))
    assert off.max() < 0.02, "without a scale nothing is added"
