"""Shapes of the directory in the HTTP interface."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.routing.schemas import Body
from shared.events.vocabulary import Language
from shared.taxonomy import CategoryCode
from shared.text import ShortText


class NewDepartment(Body):
    code: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,49}$")]
    name_en: ShortText
    name_zh: ShortText
    layer: Annotated[int, Field(ge=1, le=4)]
    categories: tuple[CategoryCode, ...] = ()


class NewPerson(Body):
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9._-]{0,63}$")]
    name: ShortText
    """Work name, with which the person signs towards customers."""
    department: ShortText
    languages: Annotated[list[Language], Field(min_length=1, max_length=2)]
    capacity: Annotated[int, Field(ge=1, le=10_000)] = 50
    active: bool = True


class DirectoryChange(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "departments": [
                        {
                            "code": "field_service",
                            "name_en": "Field service",
                            "name_zh": "现场服务部",
                            "layer": 1,
                        }
                    ],
                    "people": [
                        {
                            "id": "ma.li",
                            "name": "马丽 Ma Li",
                            "department": "field_service",
                            "languages": ["zh"],
                        }
                    ],
                }
            ]
        }
    )

    departments: Annotated[tuple[NewDepartment, ...], Field(max_length=1000)] = ()
    people: Annotated[tuple[NewPerson, ...], Field(max_length=10_000)] = ()


class DepartmentShown(NewDepartment):
    model_config = ConfigDict(extra="ignore")


class PersonShown(NewPerson):
    model_config = ConfigDict(extra="ignore")

    open_cases: int


class DirectoryShown(BaseModel):
    departments: list[DepartmentShown]
    people: list[PersonShown]
