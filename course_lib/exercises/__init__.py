"""How chapters become exercises that prove themselves.

In a notebook: `from course_lib.exercises import check, hint, progress`.

cells        the cells of a chapter's source
source       what a chapter's source says: cells, exercises
notebook     a chapter as a notebook: with answers, or as it is released
chapters     where chapters lie; building their notebooks
release      what a learner may see, and nothing more
catalog      the exercises that can be seen from a kernel's folder
outcome      what a look at an answer can find
bindings     which names code makes and needs
borrowing    whether an answer stands on a module that holds it
trial        run visible tests on a live namespace, and say in words what is wrong
ledger       what a learner did, as lines of text
standing     points so far, and the next step
cards        the frame around what is said in a notebook
shown        outcomes and hints as people read them
progress_shown   progress as people read it
live         check, hint and progress
seeds        hidden seeds of a class
workspace    a learner's own copies: made, brought up to date, begun anew
merge        a new release under work that is already there
landing      the page that JupyterLab opens with
lab          JupyterLab on loopback
commands     the commands of the workshop
protocol     answers and tests in two processes: what crosses between them
graders      how many points an answer gets, and why, in both modes
bench        what happens on the side of the tests
answer_files answers that are known to be right or wrong
mutants      the reference, a little wrong
proofs       whether a grader deserves trust
graders_report   what an author of exercises sees: `python -m course_lib.exercises.graders 3`
scorecard    the proofs in a line of numbers; scorecard_command shows them
"""

from course_lib.exercises.live import check, hint, progress
from course_lib.exercises.seeds import hidden_seeds

__all__ = ["check", "hidden_seeds", "hint", "progress"]
