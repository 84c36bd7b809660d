package byhand

// For the tests of this package.
var (
	Quote = quote
	Claim = claim
)
