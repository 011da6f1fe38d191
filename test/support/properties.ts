import fc from "fast-check"

// Where CI is set the same cases are drawn each time: what it finds is of the change that it looks at. Everywhere else they
// are new each time, and a failure names the seed that brings it back.
if (process.env.CI !== undefined) fc.configureGlobal({ seed: 20_261_127 })

export { fc }
