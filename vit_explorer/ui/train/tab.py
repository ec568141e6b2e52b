"""The Train tab: contenders race side by side while one watches what they learn."""

from __future__ import annotations

import gradio as gr

from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.core.serve import ServerFunction, serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.train.controls import command_race, follow_race
from vit_explorer.ui.train.hunger import describe_hunger, export_hunger, start_point
from vit_explorer.ui.train.keep import keep_model
from vit_explorer.ui.train.own import append_own, begin_own, finish_own, list_own, remove_own
from vit_explorer.ui.train.setup import describe_lobby, estimate_race, plan_race, start_race
from vit_explorer.ui.train.shelf import export_race, list_commands, remove_race, rename_race

WIDGETS = ("train-setup", "train-curves", "train-cards", "train-shelf")


def place_train(session: Session, service: TrainingService) -> None:
    """Place the tab and its views; the bar of controls holds the server functions of all views of the race."""
    with gr.Tabs(elem_id="train-tabs"):
        with gr.Tab("Race", id="race"):
            widget(__file__, "train-controls", race_functions(session, service), elem_id="train-controls")
            for name in WIDGETS:
                widget(__file__, name, elem_id=name)
        with gr.Tab("Hunger for data", id="hunger"):
            hunger = serve(session, service, hunger=describe_hunger, export=export_hunger)
            widget(__file__, "hunger", hunger, elem_id="hunger")


def race_functions(session: Session, service: TrainingService) -> list[ServerFunction]:
    """The functions that the scripts of a race call; a point of the data scaling view is a race of one."""
    return [
        *serve(session, service, lobby=describe_lobby, planned=plan_race, estimate=estimate_race),
        *serve(session, service, start=start_race, run_point=start_point),
        *serve(session, service, follow=follow_race, command=command_race, keep=keep_model),
        *serve(
            session, own=list_own, bring=begin_own, bring_part=append_own, bring_end=finish_own, drop_own=remove_own
        ),
        *serve(service, rename=rename_race, remove=remove_race, export=export_race, commands=list_commands),
    ]
