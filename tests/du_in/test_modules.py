"""The networks: published counts and shapes, patches that do not see each other, the written-out graph."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from benchmarks import du_in_peers
from neurosci.du_in import DuINClassifierModule, DuINConfig, DuINEncoder, DuINMAE, DuINVQVAE, SpatialEncoder
from tests.du_in.networks import (
    N_CHANS,
    N_PATCHES,
    N_TIMES,
    TINY,
    TINY_MULTI,
    classifier,
    make,
    masked,
    n_trainable,
    settle,
    signals,
    tokenizer,
)

PAPER = DuINConfig.paper()


@pytest.mark.parametrize("n_chans", [1, 10, 42])
def test_trainable_parameters_are_those_of_the_published_classes(n_chans):
    # counted on the authors' classes at ten channels; each further channel adds its weights
    more = n_chans - 10
    assert n_trainable(make(DuINVQVAE, n_chans, 4000)) == 5_801_386 + 33 * more
    assert n_trainable(make(DuINMAE, n_chans, 4000)) == 3_890_304 + 16 * more
    assert n_trainable(make(DuINClassifierModule, n_chans, 3000, 61)) == 4_182_813 + 16 * more


def test_parts_have_the_published_numbers():
    module = make(DuINVQVAE, 10, 4000)
    assert n_trainable(module.spatial.projection) == 176
    assert n_trainable(module.spatial.convs) == 95_024
    assert n_trainable(module.transformer) == 3_465_216
    assert n_trainable(module.transformer.layers[0]) == 433_152
    assert n_trainable(module.quantizer) == 46_592
    assert n_trainable(module.decoder) == 1_732_608
    assert n_trainable(module.regression.heads) == 461_600
    assert n_trainable(module.regression.projection) == 170
    buffers = dict(module.named_buffers())
    assert buffers["quantizer.codex"].numel() == 131_072
    assert buffers["quantizer.counts"].numel() == 2048
    assert buffers["transformer.positions"].numel() == 6400


def test_multi_subject_network_has_the_published_number_of_parameters():
    module = make(DuINClassifierModule, 10, 3000, 61, DuINConfig.multi_subject(), n_subjects=12)
    assert n_trainable(module.spatial) == 12 * 80_432
    # The printed 5.18 M counts what the classifier does not use: quantiser, contrastive block, embedding of
    # time, and eight attention scales.
    unused = 46_592 + 1024 * 64 + 1024 + 1 + 10_305 + 4800 + 8
    assert n_trainable(module) + unused == 5_181_063


def test_classifier_quantises_only_when_asked():
    assert n_trainable(make(DuINClassifierModule, 10, 3000, 61, quantize=True)) == 4_182_813 + 46_592


def test_shapes():
    assert (PAPER.n_patches(3000), PAPER.n_patches(4000)) == (30, 40)
    assert (PAPER.n_positions, PAPER.d_model) == (10, 160)
    spatial = make(SpatialEncoder, 10)
    assert spatial(signals(2, 10, 300)).shape == (2, 3, 160)
    module = tokenizer()
    found = module(signals(7))
    assert found.signals.shape == (7, N_CHANS, N_TIMES)
    assert found.codes.shape == (7, N_PATCHES)
    assert found.codes.dtype == torch.int64
    assert masked()(signals(7), torch.ones(7, N_PATCHES, dtype=torch.bool)).shape == (7, N_PATCHES, 12)
    assert classifier()(signals(7)).shape == (7, 4)


@pytest.mark.parametrize("n_patches", [1, 2, 7])
@pytest.mark.parametrize("config", [PAPER, DuINConfig.small(), DuINConfig.multi_subject()])
def test_deconvolution_returns_every_sample(n_patches, config):
    from neurosci.du_in._vqvae import Deconvolution

    head = make(Deconvolution, 4, config)
    assert head(torch.zeros(2, n_patches, config.d_model)).shape == (2, 4, 100 * n_patches)


def test_published_deconvolution_is_padded_as_published():
    convs = make(DuINVQVAE, 10, 100).regression.heads[0].convs
    assert [c.padding[0] for c in convs] == [1, 1, 0, 4, 5]
    assert [c.output_padding[0] for c in convs] == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("config", [TINY, TINY_MULTI])
def test_patches_do_not_see_each_other(config):
    spatial = settle(make(SpatialEncoder, N_CHANS, config))
    x = signals(2)
    changed = x.clone()
    changed[:, :, 40:60] += signals(2, n_times=20, seed=1)
    difference = (spatial(changed) - spatial(x)).abs().amax(dim=(0, 2))
    assert difference[2] > 0.01
    assert torch.equal(difference[[0, 1, 3, 4]], torch.zeros(4))


def test_permuted_patches_give_permuted_embeddings():
    spatial, x = settle(make(SpatialEncoder, N_CHANS, TINY)), signals(2)
    order = torch.tensor([3, 0, 4, 1, 2])
    moved = x.view(2, N_CHANS, N_PATCHES, 20)[:, :, order].flatten(2)
    torch.testing.assert_close(spatial(moved), spatial(x)[:, order])


@pytest.mark.parametrize("config", [TINY, TINY_MULTI])
@pytest.mark.parametrize("mix", [-0.7, 0.3, 2.5])
def test_spatial_encoder_is_affine(config, mix):
    spatial = settle(make(SpatialEncoder, N_CHANS, config))
    x, y = signals(2), signals(2, seed=1)
    mixed = mix * spatial(x) + (1 - mix) * spatial(y)
    found = spatial(mix * x + (1 - mix) * y)
    assert (found - mixed).abs().max() < 1e-5 * mixed.abs().max()


@pytest.mark.parametrize("config", [TINY, TINY_MULTI])
def test_folded_encoder_is_the_encoder_in_evaluation_mode(config):
    module = settle(tokenizer(config, n_subjects=2))
    x = signals(9)
    for subject in range(2):
        who = torch.full((9,), subject)
        folded = module.spatial.fold(subject)
        expected = module.spatial(x, who)
        # one float32 sum of 60 products against four sums of at most as many
        assert (folded(x) - expected).abs().max() < 1e-5 * expected.abs().max()
        assert torch.equal(module.codes(x, folded=folded), module.codes(x, who))


def test_folding_changes_nothing():
    module = settle(tokenizer())
    module.train()
    before = {k: v.clone() for k, v in module.state_dict().items()}
    module.spatial.fold()
    assert module.spatial.training
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())


def test_embedding_of_time_is_the_formula():
    positions = make(DuINEncoder, 2, 500, DuINConfig.small()).transformer.positions.double()
    for p in range(5):
        for i in range(40):
            angle = torch.tensor(p / 10_000 ** (2 * i / 80), dtype=torch.float64)
            # float32 of values below one
            assert abs(positions[p, 2 * i] - angle.sin()) < 1e-7
            assert abs(positions[p, 2 * i + 1] - angle.cos()) < 1e-7


def test_initial_weights_are_the_published_ones():
    module = make(DuINClassifierModule, 10, 3000, 61)
    for index in (0, 7):
        layer = module.transformer.layers[index]
        for part in (layer.qkv, layer.proj, layer.expand, layer.contract):
            # standard error of a standard deviation of n normal values: sd / sqrt(2 n)
            sd, n = 0.02 / (2 * (index + 1)) ** 0.5, part.weight.numel()
            assert abs(float(part.weight.detach().std()) - sd) < 5 * sd / (2 * n) ** 0.5
            assert not part.bias.any()
    assert not module.spatial.projection.bias.any()


def test_tokenizer_equals_the_graph_written_step_by_step():
    ours = settle(tokenizer())
    ours.quantizer.started.fill_(True)
    peer = make(du_in_peers.Tokenizer, ours).eval()
    x = signals(9)
    moved, one = x.transpose(1, 2), torch.ones(9, 1)
    for mode in (False, True):
        ours.train(mode)
        peer.train(mode)
        found = ours(x)
        wanted, loss, chosen = peer(moved, one, torch.ones(9, N_CHANS))
        assert torch.equal(found.codes, chosen.argmax(dim=-1))
        torch.testing.assert_close(found.signals, wanted.transpose(1, 2), rtol=1e-4, atol=1e-5)
        ((found.signals - x).square().mean() + found.commitment).backward()
        loss.backward()
    torch.testing.assert_close(ours.quantizer.codex, peer.quantizer.codex.data, rtol=0, atol=1e-6)
    torch.testing.assert_close(ours.quantizer.counts, peer.quantizer.counts.data)
    for name, mine, theirs in (
        (
            "projection",
            ours.spatial.projection.weight.grad[0].T.reshape(-1, 1),
            peer.embed.weight.weight.grad,
        ),
        ("convolution", ours.spatial.convs[0].convs[1].weight.grad, peer.embed.convs[1].weight.grad),
        (
            "keys",
            ours.transformer.layers[1].qkv.weight.grad[24:48],
            peer.encoder.layers[1].maps[1].weight.grad,
        ),
        ("quantiser", ours.quantizer.hidden.weight.grad, peer.quantizer.before[0].weight.grad),
        ("deconvolution", ours.regression.heads[0].convs[1].weight.grad, peer.convs[1].weight.grad),
        ("last", ours.regression.heads[0].last.weight.grad, peer.last.weight.grad),
    ):
        # float32 sums in another order, through two transformers
        assert (mine - theirs).abs().max() < 1e-4 * theirs.abs().max(), name


def test_masked_model_and_classifier_equal_the_graph_written_step_by_step():
    x, one = signals(9), torch.ones(9, 1)
    mask = signals(9)[:, 0, :N_PATCHES] > 0
    ours = settle(masked())
    target = functional.one_hot(torch.arange(9 * N_PATCHES).view(9, N_PATCHES) % 12, 12).float()
    wanted, _ = make(du_in_peers.Masked, ours).eval()(x.transpose(1, 2), one, mask, target)
    torch.testing.assert_close(ours(x, mask), wanted, rtol=1e-4, atol=1e-5)
    ours = settle(classifier())
    peer = make(du_in_peers.Classifier, ours).eval()
    wanted, _ = peer(x.transpose(1, 2), one, torch.zeros(9, dtype=torch.int64))
    torch.testing.assert_close(ours(x), wanted, rtol=1e-4, atol=1e-5)


def test_gradients_that_are_left_out_are_zero():
    # In double precision, the biases before batch normalisation and of the keys do not change the loss.
    module, x = settle(tokenizer()).double(), signals(9, dtype=torch.float64)
    module.train()
    for p in (module.spatial.convs[0].convs[0].bias, module.transformer.layers[0].norm_k.bias):
        before = module.regression(module.decoder(module.transformer(module.spatial(x))))
        with torch.no_grad():
            p.add_(torch.arange(len(p), dtype=torch.float64) / 7)
        after = module.regression(module.decoder(module.transformer(module.spatial(x))))
        torch.testing.assert_close(after, before, rtol=1e-9, atol=1e-9)


def test_dropout_keeps_the_mean_and_drops_its_share(seed):
    from neurosci._training import seeded
    from neurosci.du_in._transformer import keep_mask, relu_and_drop

    x = torch.ones(100_003)
    with seeded(seed, "dropout"):
        mask = keep_mask(x, 0.2)
        rectified = relu_and_drop(signals(1, 1, 10_000, dtype=torch.float32), 0.2)
    assert mask.unique().tolist() == [0.0, pytest.approx(1.25, abs=1e-5)]
    share = float((mask == 0).float().mean())
    # binomial, five standard errors
    assert abs(share - 0.2) < 5 * (0.2 * 0.8 / len(x)) ** 0.5
    assert float(rectified.min()) == 0.0


def test_encoders_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match="load_encoder: other must have the same sizes"):
        classifier().load_encoder(make(DuINVQVAE, N_CHANS, N_TIMES, TINY.replace(n_layers=1)))
    with pytest.raises(ValueError, match="must be a DuINVQVAE where quantize=True"):
        classifier(quantize=True).load_encoder(masked())


def test_transferred_encoder_gives_the_same_tokens():
    source, target = settle(tokenizer()), classifier(seed=1)
    target.load_encoder(source)
    target.eval()
    x = signals(3)
    torch.testing.assert_close(
        target.transformer(target.spatial(x)), source.transformer(source.spatial(x)), rtol=0, atol=0
    )
    quantised = classifier(seed=1, quantize=True)
    quantised.load_encoder(source)
    assert torch.equal(quantised.quantizer.codex, source.quantizer.codex)


def test_subjects_have_their_own_channels():
    for config in (TINY, TINY_MULTI):
        module = settle(tokenizer(config, n_subjects=3))
        x = signals(5)
        who = torch.tensor([2, 0, 2, 1, 0])
        together = module(x, who).signals
        for i in range(5):
            alone = module(x[i : i + 1], who[i : i + 1]).signals[0]
            torch.testing.assert_close(together[i], alone, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(module(x).signals[1], together[1], rtol=1e-4, atol=1e-5)


def test_contributions_are_the_mean_absolute_weights():
    module = tokenizer()
    weight = module.spatial.projection.weight.detach()[0]
    expected = torch.stack([weight[:, c].abs().sum() / 6 for c in range(N_CHANS)])
    torch.testing.assert_close(module.contributions()[0], expected / expected.max())
    with pytest.raises(ValueError, match="d_neural must be a width"):
        tokenizer(TINY_MULTI).contributions()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: DuINVQVAE(3, 110, TINY), "n_times must be a multiple of patch_samples = 20, got 110"),
        (lambda: make(DuINMAE, 3, 20, TINY), "at least 2 patches of 20, got 20"),
        (lambda: masked(target="code"), "did you mean 'codes'"),
        (lambda: classifier(n_outputs=1), "n_outputs must be at least 2, got 1"),
        (lambda: classifier(head="soft"), "head must be one of"),
        (lambda: DuINConfig(conv_kernels=(18, 3, 3)), "conv_kernels must be odd"),
        (lambda: DuINConfig(conv_kernels=(19, 3)), "must have equal lengths, got"),
        (lambda: DuINConfig(deconv_strides=(1, 1, 10, 1, 9)), "must multiply to patch_samples = 100"),
        (lambda: DuINConfig(n_heads=0), "n_heads must be positive integers, got 0"),
        (lambda: DuINConfig(dropout=1.5), "dropout must be between 0.0 and 1.0, got 1.5"),
        (lambda: DuINConfig(mask_ratio=1.0), "mask_ratio must lie inside"),
        (lambda: tokenizer()(signals(2, 4)), r"x must have shape \(batch, 3, 100\), got \(2, 4, 100\)"),
        (
            lambda: make(SpatialEncoder, 3, TINY)(signals(2, 3, 30)),
            "SpatialEncoder: n_times must be a multiple",
        ),
        (lambda: SpatialEncoder(0), "must be at least 1, got 0"),
    ],
)
def test_contradictions_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_unknown_sizes_are_refused_by_name():
    with pytest.raises(TypeError, match="did you mean 'patch_samples'"):
        DuINEncoder(3, 100, patch_sample=20)
