"""How far normal distributions are from the standard one (Kingma and Welling, 2013)."""

from torch import Tensor, nn


class GaussianDivergence(nn.Module):
    """The Kullback-Leibler divergence of each sample, in nats."""

    def forward(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        distances = mean.square() + log_variance.exp() - 1 - log_variance
        return 0.5 * distances.flatten(1).sum(dim=1)
