"""A random sample that gradients pass through (Kingma and Welling, 2013, "Auto-Encoding Variational Bayes")."""

import torch
from torch import Tensor, nn


class GaussianSample(nn.Module):
    """Draws from the normal distribution of a mean and a logarithm of the variance.

    When evaluating it gives the mean.
    """

    def forward(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        if not self.training:
            return mean
        return mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
