"""lambdaforge report: a page with the curves of one run or several."""
