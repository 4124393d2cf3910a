"""An encoder and a decoder of GRUs with attention after Luong et al. (2015), the decoder fed with what it should have said."""

import torch
import torch.nn as nn


class Encoder(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, num_layers=1, dropout=0.0):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size, padding_idx=0)
        self.dropout = nn.Dropout(dropout)
        self.rnn = nn.GRU(embed_size, hidden_size, num_layers, batch_first=True)

    def forward(self, src):
        embedded = self.dropout(self.embedding(src))
        outputs, hidden = self.rnn(embedded)
        return outputs, hidden


class Attention(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.score = nn.Linear(hidden_size, hidden_size, bias=False)

    def forward(self, query, keys):
        # scores of each step of the target against each of the source
        weights = torch.softmax(query @ self.score(keys).transpose(1, 2), dim=-1)
        return torch.bmm(weights, keys)


class Decoder(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, num_layers=1):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size, padding_idx=0)
        self.rnn = nn.GRU(embed_size, hidden_size, num_layers, batch_first=True)
        self.attention = Attention(hidden_size)
        self.fc = nn.Linear(2 * hidden_size, vocab_size)

    def forward(self, trg, hidden, encoder_outputs):
        output, _ = self.rnn(self.embedding(trg), hidden)
        context = self.attention(output, encoder_outputs)
        return self.fc(torch.cat((output, context), dim=-1))


class Seq2Seq(nn.Module):
    def __init__(self, src_vocab=40, trg_vocab=30, embed_size=16, hidden_size=24):
        super().__init__()
        self.encoder = Encoder(src_vocab, embed_size, hidden_size)
        self.decoder = Decoder(trg_vocab, embed_size, hidden_size)

    def forward(self, src, trg):
        outputs, hidden = self.encoder(src)
        return self.decoder(trg, hidden, outputs)
