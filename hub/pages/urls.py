"""Where the pages are."""

from __future__ import annotations

from django.urls import path

from hub.pages import assets, entry, practice, staff

urlpatterns = [
    path("", entry.home, name="home"),
    path("enter/<str:token>/", entry.arrive, name="enter"),
    path("leave/", entry.leave, name="leave"),
    path("practice/", practice.front, name="practice"),
    path("practice.csv", practice.front_csv, name="practice-csv"),
    path("practice/<slug:agreement_id>/<slug:search_id>/", practice.comparison_page, name="comparison"),
    path("practice/<slug:agreement_id>/<slug:search_id>.csv", practice.comparison_csv, name="comparison-csv"),
    path("practice/<slug:agreement_id>/<slug:search_id>/groups.csv", practice.groups_csv, name="groups-csv"),
    path("practice/<slug:agreement_id>/<slug:search_id>/totals.csv", practice.totals_csv, name="totals-csv"),
    path("coverage/", staff.coverage, name="coverage"),
    path("coverage/set-aside.csv", staff.set_aside_csv, name="set-aside-csv"),
    path("coverage/<slug:agreement_id>/received.csv", staff.received_csv, name="received-csv"),
    path("coverage/<slug:agreement_id>/totals.csv", staff.totals_csv, name="all-totals-csv"),
    path("static/<path:name>", assets.asset, name="asset"),
]

handler404 = "hub.pages.entry.not_found"
