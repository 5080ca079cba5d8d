"""What the methods are taken from, as a reader would look it up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Citation:
    """A publication: `short` stands in the text, `full` in the list; a standard and a book have no DOI."""

    short: str
    full: str
    doi: str = ""

    @property
    def url(self) -> str:
        return f"https://doi.org/{self.doi}" if self.doi else ""


def cited(keys: Iterable[str]) -> list[Citation]:
    """Return the citations by their keys, each once, sorted as a list of references."""
    return sorted({CITATIONS[key] for key in keys}, key=lambda citation: citation.full)


CITATIONS: Mapping[str, Citation] = {
    "paper": Citation(
        "Martínez Ramírez et al., 2021",
        "Martínez Ramírez, M. A., Stoller, D., Moffat, D. (2021). A deep learning approach to intelligent drum "
        "mixing with the Wave-U-Net. Journal of the Audio Engineering Society 69(3), 142-151.",
        "10.17743/jaes.2020.0031",
    ),
    "friedman": Citation(
        "Friedman, 1937",
        "Friedman, M. (1937). The use of ranks to avoid the assumption of normality implicit in the analysis of "
        "variance. Journal of the American Statistical Association 32(200), 675-701.",
        "10.1080/01621459.1937.10503522",
    ),
    "iman_davenport": Citation(
        "Iman and Davenport, 1980",
        "Iman, R. L., Davenport, J. M. (1980). Approximations of the critical region of the Friedman statistic. "
        "Communications in Statistics - Theory and Methods 9(6), 571-595.",
        "10.1080/03610928008827904",
    ),
    "kendall": Citation(
        "Kendall and Babington Smith, 1939",
        "Kendall, M. G., Babington Smith, B. (1939). The problem of m rankings. Annals of Mathematical Statistics "
        "10(3), 275-287.",
        "10.1214/aoms/1177732186",
    ),
    "wilcoxon": Citation(
        "Wilcoxon, 1945",
        "Wilcoxon, F. (1945). Individual comparisons by ranking methods. Biometrics Bulletin 1(6), 80-83.",
        "10.2307/3001968",
    ),
    "holm": Citation(
        "Holm, 1979",
        "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of "
        "Statistics 6(2), 65-70. https://www.jstor.org/stable/4615733",
    ),
    "hodges_lehmann": Citation(
        "Hodges and Lehmann, 1963",
        "Hodges, J. L., Lehmann, E. L. (1963). Estimates of location based on rank tests. Annals of Mathematical "
        "Statistics 34(2), 598-611.",
        "10.1214/aoms/1177704172",
    ),
    "schuirmann": Citation(
        "Schuirmann, 1987",
        "Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach for "
        "assessing the equivalence of average bioavailability. Journal of Pharmacokinetics and Biopharmaceutics "
        "15(6), 657-680.",
        "10.1007/BF01068419",
    ),
    "lakens": Citation(
        "Lakens, 2017",
        "Lakens, D. (2017). Equivalence tests: a practical primer for t tests, correlations, and meta-analyses. "
        "Social Psychological and Personality Science 8(4), 355-362.",
        "10.1177/1948550617697177",
    ),
    "shapiro_wilk": Citation(
        "Shapiro and Wilk, 1965",
        "Shapiro, S. S., Wilk, M. B. (1965). An analysis of variance test for normality (complete samples). "
        "Biometrika 52(3-4), 591-611.",
        "10.1093/biomet/52.3-4.591",
    ),
    "royston": Citation(
        "Royston, 1995",
        "Royston, P. (1995). Remark AS R94: a remark on algorithm AS 181: the W-test for normality. Applied "
        "Statistics 44(4), 547-551.",
        "10.2307/2986146",
    ),
    "brown_forsythe": Citation(
        "Brown and Forsythe, 1974",
        "Brown, M. B., Forsythe, A. B. (1974). Robust tests for the equality of variances. Journal of the American "
        "Statistical Association 69(346), 364-367.",
        "10.1080/01621459.1974.10482955",
    ),
    "kruskal_wallis": Citation(
        "Kruskal and Wallis, 1952",
        "Kruskal, W. H., Wallis, W. A. (1952). Use of ranks in one-criterion variance analysis. Journal of the "
        "American Statistical Association 47(260), 583-621.",
        "10.1080/01621459.1952.10483441",
    ),
    "mann_whitney": Citation(
        "Mann and Whitney, 1947",
        "Mann, H. B., Whitney, D. R. (1947). On a test of whether one of two random variables is stochastically "
        "larger than the other. Annals of Mathematical Statistics 18(1), 50-60.",
        "10.1214/aoms/1177730491",
    ),
    "cliff": Citation(
        "Cliff, 1993",
        "Cliff, N. (1993). Dominance statistics: ordinal analyses to answer ordinal questions. Psychological "
        "Bulletin 114(3), 494-509.",
        "10.1037/0033-2909.114.3.494",
    ),
    "vargha_delaney": Citation(
        "Vargha and Delaney, 2000",
        "Vargha, A., Delaney, H. D. (2000). A critique and improvement of the CL common language effect size "
        "statistics of McGraw and Wong. Journal of Educational and Behavioral Statistics 25(2), 101-132.",
        "10.3102/10769986025002101",
    ),
    "bs1534": Citation(
        "ITU-R BS.1534-3",
        "Recommendation ITU-R BS.1534-3 (2015). Method for the subjective assessment of intermediate quality level "
        "of audio systems.",
    ),
    "bs1116": Citation(
        "ITU-R BS.1116-3",
        "Recommendation ITU-R BS.1116-3 (2015). Methods for the subjective assessment of small impairments in audio "
        "systems.",
    ),
}
"""Publications by key; a key without use is no fault, for a list names those that were used."""
