-- The day on which the tables were last built.
SELECT MAX(CAST(r.DtLatestBuild AS DATE)) AS day
FROM raw.LatestBuildTime AS r
