package require

import (
	"fmt"
	"strconv"
	"strings"
)

// maxDecimals bounds the decimals of a quantile. A run can have 10^9 values, no more tell apart.
const maxDecimals = 9

func looksLikeQuantile(statistic string) bool {
	decimals, found := strings.CutPrefix(statistic, "q")
	return found && decimals != "" && strings.Trim(decimals, "0123456789") == ""
}

// percentileOf returns the percentile of a quantile: 50 for q50, 99.9 for q999. Each has one
// name. Others that look like one are refused, because they would be read in two ways: q5 as
// 5 % or as 50 %, q100 as the maximum or as 10 %.
func percentileOf(statistic string) (float64, error) {
	decimals := statistic[len("q"):]
	switch {
	case len(decimals) < 2 || len(decimals) > maxDecimals:
		return 0, fmt.Errorf("quantile %q: must have 2 to %d digits, as q05 (5 %%), q50 (50 %%), q99 (99 %%) or q999 (99.9 %%)", statistic, maxDecimals)
	case strings.Trim(decimals, "0") == "":
		return 0, fmt.Errorf("quantile %q: must be above 0: write min", statistic)
	case len(decimals) > 2 && strings.HasSuffix(decimals, "0"):
		return 0, fmt.Errorf("quantile %q: must not end in 0: the digits are decimals, as in q999 (99.9 %%); write max for 100 %%", statistic)
	}
	return strconv.ParseFloat(decimals[:2]+"."+decimals[2:]+"0", 64)
}
