"""How a class is graded: hand-ins in, points, feedback and statistics out.

What a class is
class_folder     where a class lies, and what lies where in it
class_rules      its rules: deadlines, late policy
roster_file      learners in a table that somebody exported; class_roster brings them in
class_release    a chapter for the class, and as a zip
class_commands   class new, roster, status; release, collect, extension

What comes in
hand_in_names    whose a file is, by the name a platform gave it
hand_in_files    notebooks in a folder or a zip, with limits
class_collect    hand-ins into the class

What goes out
class_scores     points by nbgrader's gradebook
late_policy      what lateness costs; class_deadlines puts it into the gradebook, late_plugin into plain nbgrader
class_status     who has handed in what
check_statistics which checks failed how often; class_statistics makes the page
feedback_page    what a learner reads; class_feedback writes it
grades_table     grades as CSV
regrade_changes  whose points changed; class_regrade looks again
formgrader       the workbench on loopback; formgrader_guard its limits, mark_schemes what graders see
pages            the pages' templates and style
class_shown      all of it in a terminal
grades_commands  formgrader, feedback, grades, statistics, regrade

How a submission is judged
grade_command    course grade; grading_shown what is seen meanwhile
grading_run      a class is graded, quickly and once
handed_in        files that anybody may have written; reader reads them in a process of its own
repair           what is in such a file, mended; own_cells which of a learner's cells an answer stands on
judge            answers meet their tests; check_number which check failed
sandbox          what the processes that grade see of this machine
cubicle          one answer, shut in so that it meets no other; system_calls what that takes of the kernel
verdict          what a submission earned, in words that hide what is hidden
autograded       the notebook that formgrader and feedback show
marks            points into nbgrader's gradebook, all of a submission's or none
"""
