# Add this method to the module in the assessment's configuration file, NAME.rb. Autolab calls it
# with the last line of the output of a job (Autolab documentation, Guide for Lab Authors,
# parseAutoresult).
#
# Without this method, Autolab records 0 points and releases them if a job ends without scores, for
# example because the job took too long. With it, each score then stays as it was: a submission
# without a score has no score, and a submission that is regraded keeps its score.
def parseAutoresult(autoresult, _isOfficial)
  scores = begin
    JSON.parse(autoresult)["scores"]
  rescue StandardError
    nil
  end
  scores = {} unless scores.is_a?(Hash)
  problems = @assessment.problems.to_a
  before = ->(problem) { @submission.scores.find { |score| score.problem_id == problem.id }&.score }
  known = problems.to_h { |problem| [problem.name, scores[problem.name] || before.call(problem)] }
  scores.compact.merge(known)
end
