#include "experiments/report/citations.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lambdaforge::experiments {
namespace {

constexpr std::string_view kLambdaLoss = R"(@inproceedings{wang2018lambdaloss,
    title = {The LambdaLoss Framework for Ranking Metric Optimization},
    author = {Wang, Xuanhui and Li, Cheng and Golbandi, Nadav and Bendersky, Michael and Najork, Marc},
    booktitle = {Proceedings of the 27th ACM International Conference on Information and Knowledge Management},
    pages = {1313--1322},
    year = {2018},
    doi = {10.1145/3269206.3271784}
})";

constexpr std::string_view kRankNet = R"(@inproceedings{burges2005ranknet,
    title = {Learning to Rank using Gradient Descent},
    author = {Burges, Chris and Shaked, Tal and Renshaw, Erin and Lazier, Ari and Deeds, Matt and Hamilton, Nicole and Hullender, Greg},
    booktitle = {Proceedings of the 22nd International Conference on Machine Learning},
    pages = {89--96},
    year = {2005},
    doi = {10.1145/1102351.1102363}
})";

constexpr std::string_view kListNet = R"(@inproceedings{cao2007listnet,
    title = {Learning to Rank: From Pairwise Approach to Listwise Approach},
    author = {Cao, Zhe and Qin, Tao and Liu, Tie-Yan and Tsai, Ming-Feng and Li, Hang},
    booktitle = {Proceedings of the 24th International Conference on Machine Learning},
    pages = {129--136},
    year = {2007},
    doi = {10.1145/1273496.1273513}
})";

constexpr std::string_view kListMle = R"(@inproceedings{xia2008listmle,
    title = {Listwise Approach to Learning to Rank: Theory and Algorithm},
    author = {Xia, Fen and Liu, Tie-Yan and Wang, Jue and Zhang, Wensheng and Li, Hang},
    booktitle = {Proceedings of the 25th International Conference on Machine Learning},
    pages = {1192--1199},
    year = {2008},
    doi = {10.1145/1390156.1390306}
})";

constexpr std::string_view kPListMle = R"(@inproceedings{lan2014plistmle,
    title = {Position-Aware ListMLE: A Sequential Learning Process for Ranking},
    author = {Lan, Yanyan and Zhu, Yadong and Guo, Jiafeng and Niu, Shuzi and Cheng, Xueqi},
    booktitle = {Proceedings of the 30th Conference on Uncertainty in Artificial Intelligence},
    pages = {449--458},
    year = {2014}
})";

constexpr std::string_view kAdrMse = R"(@inproceedings{schlatt2025rankdistillm,
    title = {Rank-DistiLLM: Closing the Effectiveness Gap Between Cross-Encoders and LLMs for Passage Re-ranking},
    author = {Schlatt, Ferdinand and Fr{\"o}be, Maik and Scells, Harrisen and Zhuang, Shengyao and Koopman, Bevan and Zuccon, Guido and Stein, Benno and Potthast, Martin and Hagen, Matthias},
    booktitle = {Advances in Information Retrieval (ECIR 2025)},
    year = {2025},
    doi = {10.1007/978-3-031-88714-7_31}
})";

constexpr std::string_view kMarginMse = R"(@misc{hofstaetter2020marginmse,
    title = {Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge Distillation},
    author = {Hofst{\"a}tter, Sebastian and Althammer, Sophia and Schr{\"o}der, Michael and Sertkan, Mete and Hanbury, Allan},
    year = {2020},
    eprint = {2010.02666},
    archivePrefix = {arXiv}
})";

constexpr std::string_view kApproxNdcg = R"(@article{qin2010approxndcg,
    title = {A General Approximation Framework for Direct Optimization of Information Retrieval Measures},
    author = {Qin, Tao and Liu, Tie-Yan and Li, Hang},
    journal = {Information Retrieval},
    volume = {13},
    pages = {375--397},
    year = {2010},
    doi = {10.1007/s10791-009-9124-x}
})";

constexpr std::string_view kNeuralNdcg = R"(@misc{pobrotyn2021neuralndcg,
    title = {NeuralNDCG: Direct Optimisation of a Ranking Metric via Differentiable Relaxation of Sorting},
    author = {Pobrotyn, Przemys{\l}aw and Bia{\l}obrzeski, Rados{\l}aw},
    year = {2021},
    eprint = {2102.07831},
    archivePrefix = {arXiv}
})";

constexpr std::string_view kInBatch = R"(@misc{henderson2017efficient,
    title = {Efficient Natural Language Response Suggestion for Smart Reply},
    author = {Henderson, Matthew and Al-Rfou, Rami and Strope, Brian and Sung, Yun-hsuan and Lukacs, Laszlo and Guo, Ruiqi and Kumar, Sanjiv and Miklos, Balint and Kurzweil, Ray},
    year = {2017},
    eprint = {1705.00652},
    archivePrefix = {arXiv}
})";

constexpr std::string_view kGradientCache = R"(@misc{gao2021gradcache,
    title = {Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup},
    author = {Gao, Luyu and Zhang, Yunyi and Han, Jiawei and Callan, Jamie},
    year = {2021},
    eprint = {2101.06983},
    archivePrefix = {arXiv}
})";

constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kLosses = {{
    {"ADRMSELoss", kAdrMse},
    {"ApproxNDCGLoss", kApproxNdcg},
    {"CachedMultipleNegativesRankingLoss", kGradientCache},
    {"LambdaLoss", kLambdaLoss},
    {"ListMLELoss", kListMle},
    {"ListNetLoss", kListNet},
    {"MarginMSELoss", kMarginMse},
    {"MultipleNegativesRankingLoss", kInBatch},
    {"NeuralNDCGLoss", kNeuralNdcg},
    {"PListMLELoss", kPListMle},
    {"RankNetLoss", kRankNet},
}};

}  // namespace

std::string_view loss_citation(std::string_view loss) {
  const auto found =
      std::ranges::find(kLosses, loss, [](const auto& entry) { return entry.first; });
  return found == kLosses.end() ? std::string_view() : found->second;
}

std::string_view sentence_bert_citation() {
  return R"(@inproceedings{reimers-2019-sentence-bert,
    title = "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks",
    author = "Reimers, Nils and Gurevych, Iryna",
    booktitle = "Proceedings of the 2019 Conference on Empirical Methods in Natural Language Processing",
    month = "11",
    year = "2019",
    publisher = "Association for Computational Linguistics",
    url = "https://arxiv.org/abs/1908.10084"
})";
}

}  // namespace lambdaforge::experiments
